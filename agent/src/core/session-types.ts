import type { Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { ConditionChange } from "./condition-table.ts";
import type {
  AggregatorMessage,
  GoodbyeReason,
  WelcomeMessage,
  WitnessRequestMessage,
} from "./messages.ts";
import type { ReconnectConfig } from "./reconnect-plan.ts";

export interface SessionConfig extends ReconnectConfig {
  /** Inclusive range of protocol versions this agent speaks. */
  readonly versionMin: number;
  readonly versionMax: number;
  /** Used when the Welcome names none. 100 ms to 60 s. */
  readonly heartbeatInterval: DurationMs;
  /** From the start of a connection until the stream is open. */
  readonly connectTimeout: DurationMs;
  /** From Hello until Welcome. */
  readonly greetingTimeout: DurationMs;
  /** How long heartbeats may wait for the incarnation to be on disk. */
  readonly persistTimeout: DurationMs;
  /** Nothing received for this long ends the session. Must exceed twice the 5 s between two acks. */
  readonly ackSilence: DurationMs;
  /** Between two whole lists of conditions. */
  readonly wholeListInterval: DurationMs;
  /** An established session this old makes earlier failures forgotten. */
  readonly stableAfter: DurationMs;
  /** From goodbye until the process may end. */
  readonly drainTimeout: DurationMs;
  readonly spoolEventsMax: number;
  /** An event not acknowledged this long is sent again on the same session. */
  readonly resendAfter: DurationMs;
  /** False while some monitor has not answered yet: a subject missing from a whole list is cleared. */
  readonly canSendWholeList: () => boolean;
}

export type SessionEvent =
  | { readonly kind: "tick" }
  | { readonly kind: "opened" }
  | { readonly kind: "received"; readonly message: AggregatorMessage }
  | { readonly kind: "closed"; readonly reason: string }
  | { readonly kind: "persisted" }
  | { readonly kind: "changed"; readonly changes: readonly ConditionChange[] }
  /** The transport took no event for want of room. */
  | { readonly kind: "refused" }
  | { readonly kind: "drain"; readonly reason: GoodbyeReason; readonly message: string };

export type SessionEffect =
  | { readonly kind: "connect"; readonly endpoint: string }
  | { readonly kind: "close" }
  | { readonly kind: "sendHello" }
  | {
      readonly kind: "sendHeartbeat";
      readonly sequence: number;
      readonly whole: boolean;
      readonly spooled: boolean;
    }
  | { readonly kind: "sendEvent"; readonly change: ConditionChange }
  | { readonly kind: "sendGoodbye"; readonly reason: GoodbyeReason; readonly message: string }
  | {
      readonly kind: "persist";
      readonly incarnation: Incarnation;
      readonly sessionEpoch: SessionEpoch;
    }
  | { readonly kind: "raiseTransitions"; readonly to: number }
  | { readonly kind: "established"; readonly welcome: WelcomeMessage; readonly endpoint: string }
  | {
      readonly kind: "lost";
      readonly reason: string;
      readonly retryIn: DurationMs;
      readonly endpoint: string;
    }
  | { readonly kind: "look"; readonly request: WitnessRequestMessage }
  | { readonly kind: "ignored"; readonly what: string }
  | { readonly kind: "stopped" };
