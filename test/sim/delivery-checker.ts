/** Of what was written down, everything is told: at least once, in order, under one id. */
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { CheckerName } from "./checkers.ts";
import type { Arrival } from "./world.ts";

type Fail = (checker: CheckerName, what: string) => void;

export class DeliveryChecker {
  readonly #fail: Fail;
  /** Written and not arrived yet: what is known of each by its webhook id. */
  readonly #owed = new Map<string, string>();
  readonly #arrived = new Set<string>();
  readonly #said = new Map<string, string>();
  readonly #lastOf = new Map<string, number>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  storeLost(): void {
    this.#owed.clear();
    this.#said.clear();
    this.#lastOf.clear();
  }

  /** A request may be superseded by what happens meanwhile; a fact never. */
  owed(row: OutboxRow): void {
    if (row.kind === "fact" && !this.#arrived.has(row.webhookId))
      this.#owed.set(row.webhookId, row.node);
  }

  /** A stored declaration is owed to the receiver, whether or not a row was written for it. */
  mustTell(incident: IncidentRecord): void {
    const [first] = incident.transitions;
    if (!incident.announced || first === undefined) return;
    const id = `${incident.id}.${first.number}`;
    if (!this.#arrived.has(id)) this.#owed.set(id, incident.node);
  }

  arrived({ row, body, repeated }: Arrival): void {
    this.#arrived.add(row.webhookId);
    this.#owed.delete(row.webhookId);
    const { incident, transition } = body;
    const said = `${incident.class} ${transition.kind}`;
    const before = this.#said.get(row.webhookId);
    if (before !== undefined && before !== said)
      this.#fail("a-repeat-says-the-same", `${row.webhookId} said ${before}, then ${said}`);
    this.#said.set(row.webhookId, said);
    if (repeated) return;
    const last = this.#lastOf.get(incident.id) ?? 0;
    if (transition.number <= last)
      this.#fail(
        "order-within-an-incident",
        `${incident.id}: transition ${transition.number} arrived after ${last}`,
      );
    this.#lastOf.set(incident.id, transition.number);
  }

  get missing(): readonly string[] {
    return [...this.#owed].map(([webhookId, node]) => `${webhookId} of ${node}`);
  }
}
