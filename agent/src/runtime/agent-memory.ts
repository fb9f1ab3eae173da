/**
 * The numbers an agent must not forget, and when they go to disk. See core/transition-numbers.ts for
 * the guarantee about transitions; an incarnation is on disk before the first heartbeat under it.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { BootId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { UnixMs } from "@herdbeat/shared/time";
import { TransitionNumbers } from "../core/transition-numbers.ts";
import type { AgentState, StateStore } from "../ports/state-store.ts";

export class AgentMemory {
  readonly #store: StateStore;
  readonly #logger: Logger;
  readonly #bootId: BootId;
  readonly #numbers: TransitionNumbers;
  #incarnation: Incarnation;
  #sessionEpoch: SessionEpoch;
  #isSaving = false;

  constructor(store: StateStore, bootId: BootId, wallNow: UnixMs, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    this.#bootId = bootId;
    const { state, damaged } = store.load();
    if (damaged !== null)
      logger.error("the state file was damaged; its numbers are lost", { damaged });
    // Without a past, the wall clock makes an incarnation that is higher than any lost one.
    this.#incarnation = state?.incarnation ?? (Math.floor(wallNow / 1_000) as Incarnation);
    this.#sessionEpoch = state?.sessionEpoch ?? (0 as SessionEpoch);
    this.#numbers = new TransitionNumbers(state?.lastTransition ?? 0);
  }

  get incarnation(): Incarnation {
    return this.#incarnation;
  }

  get sessionEpoch(): SessionEpoch {
    return this.#sessionEpoch;
  }

  get lastTransition(): number {
    return this.#numbers.last;
  }

  nextTransition(): number {
    const number = this.#numbers.next();
    this.#saveIfNeeded();
    return number;
  }

  raiseTo(number: number): void {
    this.#numbers.raiseTo(number);
    this.#saveIfNeeded();
  }

  /** Takes the numbers of a session; resolves when they are durable. */
  adopt(numbers: {
    readonly incarnation: Incarnation;
    readonly sessionEpoch: SessionEpoch;
  }): Promise<void> {
    const isSame =
      numbers.incarnation === this.#incarnation && numbers.sessionEpoch === this.#sessionEpoch;
    this.#incarnation = numbers.incarnation;
    this.#sessionEpoch = numbers.sessionEpoch;
    return isSame && !this.#numbers.needsSave ? Promise.resolve() : this.save();
  }

  async save(): Promise<void> {
    const state: AgentState = {
      incarnation: this.#incarnation,
      sessionEpoch: this.#sessionEpoch,
      lastTransition: this.#numbers.wantedCeiling,
      bootId: this.#bootId,
    };
    await this.#store.save(state);
    this.#numbers.persisted(state.lastTransition);
  }

  #saveIfNeeded(): void {
    if (!this.#numbers.needsSave || this.#isSaving) return;
    this.#isSaving = true;
    this.save()
      .catch((error: unknown) => {
        this.#logger.error("transition numbers are not on disk", {
          error: renderErrorChain(error),
        });
      })
      .finally(() => {
        this.#isSaving = false;
      });
  }
}
