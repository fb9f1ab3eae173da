// An observer that writes down what the listener tells, and welcomes everybody unless told not to.
import type {
  AgentCondition,
  AgentHello,
  AgentObserver,
  AgentSession,
  CloseCause,
  WitnessReport,
} from "@herdbeat/aggregator/ports/agent-listener";
import type { Incarnation, SessionEpoch } from "@herdbeat/shared/ids";

export class RecordingObserver implements AgentObserver {
  readonly hellos: AgentHello[] = [];
  readonly sessions: AgentSession[] = [];
  /** [sequence, flags, lastTransition, ownLagMs] */
  readonly heartbeats: (readonly [number, number, number, number])[] = [];
  readonly conditions: (readonly AgentCondition[])[] = [];
  readonly events: { readonly transition: number; readonly condition: AgentCondition }[] = [];
  readonly witnessReports: WitnessReport[] = [];
  readonly goodbyes: { readonly reason: string; readonly message: string }[] = [];
  readonly closes: CloseCause[] = [];
  welcomes = true;

  onHello(session: AgentSession, hello: AgentHello): void {
    this.sessions.push(session);
    this.hellos.push(hello);
    if (!this.welcomes) return;
    session.node = this.sessions.length - 1;
    session.welcome({
      incarnation: (hello.incarnation + 1) as Incarnation,
      sessionEpoch: (hello.sessionEpoch + 1) as SessionEpoch,
      heartbeatInterval: hello.heartbeatInterval,
      acknowledgedTransition: 0,
      nodeId: hello.nodeId,
    });
  }

  onHeartbeat(
    _session: AgentSession,
    sequence: number,
    flags: number,
    lastTransition: number,
    ownLagMs: number,
  ): void {
    this.heartbeats.push([sequence, flags, lastTransition, ownLagMs]);
  }

  onConditions(_session: AgentSession, conditions: readonly AgentCondition[]): void {
    this.conditions.push(conditions);
  }

  onEvent(_session: AgentSession, transition: number, condition: AgentCondition): void {
    this.events.push({ transition, condition });
  }

  onWitnessReport(_session: AgentSession, report: WitnessReport): void {
    // The bytes alias the frame.
    this.witnessReports.push(structuredClone(report));
  }

  onGoodbye(_session: AgentSession, reason: string, message: string): void {
    this.goodbyes.push({ reason, message });
  }

  onClosed(_session: AgentSession, cause: CloseCause): void {
    this.closes.push(cause);
  }
}
