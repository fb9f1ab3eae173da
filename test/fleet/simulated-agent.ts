/** One simulated node: the agent's session over a plain socket, without monitors. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { ReconnectPlan } from "@herdbeat/agent/core/reconnect-plan";
import {
  type AgentFrame,
  type DecodedAggregatorFrame,
  decodeAggregatorFrame,
  encodeAgentFrame,
} from "@herdbeat/proto/frame-codec";
import { AGENT_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import type { Random } from "@herdbeat/shared/random";
import { durationMs } from "@herdbeat/shared/time";
import { MASK_BYTES, maskedFrame, ServerStream, upgradeRequest } from "./client-frames.ts";
import { HeartbeatFrame } from "./heartbeat-frame.ts";
import { uuid, wholeHeartbeat } from "./simulated-frames.ts";

export interface FleetSettings {
  readonly endpoints: readonly string[];
  readonly intervalMs: number;
  readonly conditions: number;
  readonly random: Random;
  /** Null = plain. */
  readonly secureContextOf: ((nodeId: string) => SecureContext) | null;
}

export interface FleetListener {
  onEstablished(agent: SimulatedAgent): void;
  /** The stream ended or could not be made. */
  onDown(agent: SimulatedAgent, why: string, wasEstablished: boolean): void;
  onConnecting(agent: SimulatedAgent): void;
}

type Phase = "idle" | "connecting" | "greeting" | "established" | "dead";

/** Conditions go whole with the first heartbeat of a session and then this often. */
const WHOLE_LIST_EVERY_MS = 60_000;
const GREETING_DEADLINE_MS = 15_000;
const UPGRADE_KEY = Buffer.from("herdbeat-fleet16").toString("base64");

export class SimulatedAgent {
  readonly index: number;
  readonly id: string;
  readonly address: string;
  phase: Phase = "idle";
  /** False = the process lives but its heartbeats stop. */
  sending = true;
  heartbeatsSent = 0;
  bootId: string;
  #processId: string;
  readonly #labels: readonly { readonly key: string; readonly value: string }[];
  readonly #settings: FleetSettings;
  readonly #listener: FleetListener;
  readonly #plan: ReconnectPlan;
  readonly #mask: Buffer;
  readonly #heartbeat: HeartbeatFrame;
  readonly #unacknowledged = new Map<number, Buffer>();
  #socket: Socket | null = null;
  #stream = new ServerStream();
  #sequence = 0;
  #incarnation = 0;
  #epoch = 0;
  #transition: number = Date.now();
  #wholeListAt = 0;
  #deadline = 0;
  /** When the first heartbeat was due that was not sent; null: it sends. */
  #silentSince: number | null = null;
  #goodbye: {
    readonly endpoint: string;
    readonly afterMs: number;
    readonly refused: boolean;
  } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    who: {
      readonly index: number;
      readonly id: string;
      readonly address: string;
      readonly labels: readonly { readonly key: string; readonly value: string }[];
    },
    settings: FleetSettings,
    listener: FleetListener,
  ) {
    this.index = who.index;
    this.id = who.id;
    this.address = who.address;
    this.#labels = who.labels;
    this.#settings = settings;
    this.#listener = listener;
    const { random } = settings;
    this.#mask = Buffer.from(random.hex(MASK_BYTES), "hex");
    this.#heartbeat = new HeartbeatFrame(this.#mask, 0);
    this.bootId = uuid(random);
    this.#processId = random.hex(8);
    this.#plan = new ReconnectPlan(
      {
        endpoints: settings.endpoints,
        backoff: { initial: durationMs(500), factor: 1.6, max: durationMs(30_000) },
        quickRetry: { min: durationMs(50), max: durationMs(500) },
      },
      random,
    );
  }

  connect(endpoint: string = this.#plan.first().endpoint): void {
    if (this.phase !== "idle") return;
    this.phase = "connecting";
    this.#goodbye = null;
    this.#stream = new ServerStream();
    this.#deadline = performance.now() + GREETING_DEADLINE_MS;
    this.#listener.onConnecting(this);
    const { hostname, port, protocol } = new URL(endpoint);
    const host = hostname.replace(/^\[|\]$/g, "");
    const target = { host, port: Number(port), localAddress: this.address };
    const secureContext = this.#settings.secureContextOf?.(this.id);
    const opened = (): void => this.#greet(`${hostname}:${port}`);
    const socket =
      protocol === "wss:" && secureContext !== undefined
        ? connectTls({ ...target, secureContext, checkServerIdentity: () => undefined }, opened)
        : connectTcp({ ...target, noDelay: true }, opened);
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (!this.#stream.push(chunk, (payload) => this.#onPayload(payload))) socket.end();
    });
    let why = "closed";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#down(why);
    });
  }

  /** Sends one heartbeat if the session is established. `now` is performance.now(). */
  beat(now: number): void {
    const socket = this.#socket;
    if (this.phase !== "established" || !this.sending || socket === null) {
      if ((this.phase === "connecting" || this.phase === "greeting") && now > this.#deadline)
        socket?.destroy();
      if (!this.sending) this.#silentSince ??= now;
      return;
    }
    this.#sequence += 1;
    this.heartbeatsSent += 1;
    if (this.#silentSince !== null) {
      this.#sayHowLate(now - this.#silentSince);
      return;
    }
    if (now >= this.#wholeListAt) {
      this.#wholeListAt = now + WHOLE_LIST_EVERY_MS;
      this.#send(wholeHeartbeat(this.#sequence, this.#transition, this.#settings.conditions));
      return;
    }
    const frame = this.#heartbeat.at(this.#sequence);
    // The frame's buffer is used again: what the kernel did not take at once needs a copy.
    socket.write(socket.writableLength > 0 ? Buffer.from(frame) : frame);
  }

  /** As an agent that was stopped: it knows how late its own work is. */
  #sayHowLate(lateMs: number): void {
    this.#silentSince = null;
    const body = {
      sequence: this.#sequence,
      reportAgeMs: 5,
      lastTransition: this.#transition,
      ownLagMs: Math.round(lateMs),
    };
    this.#send({ kind: "heartbeat", body });
  }

  /** Reports a change of one condition; resent in later sessions until acknowledged. */
  event(
    condition: NonNullable<Extract<AgentFrame, { kind: "event" }>["body"]["condition"]>,
  ): number {
    this.#transition = Math.max(this.#transition + 1, Date.now());
    const transition = this.#transition;
    const body = { transition, condition: { ...condition, transition }, ageMs: 0 };
    const frame = maskedFrame(encodeAgentFrame({ kind: "event", body }), this.#mask);
    this.#unacknowledged.set(transition, frame);
    this.#heartbeat.lastTransition = transition;
    if (this.phase === "established") this.#socket?.write(frame);
    return transition;
  }

  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Closes the socket as a dying process would (FIN); comes back unless `forGood`. */
  close(forGood: boolean): void {
    const socket = this.#socket;
    if (forGood) this.#end("told to");
    socket?.end();
    setTimeout(() => socket?.destroy(), 100).unref();
  }

  /** Vanishes: whether the kernel's last packets get out is up to the caller's packet filter. */
  die(): void {
    const socket = this.#socket;
    this.#end("died");
    socket?.destroy();
  }

  /** A dead node starts again; with `reboot` as another life of its kernel. */
  revive(reboot: boolean): void {
    if (reboot) this.bootId = uuid(this.#settings.random);
    this.#processId = this.#settings.random.hex(8);
    this.#silentSince = null;
    this.sending = true;
    if (this.phase !== "dead") return;
    this.phase = "idle";
    this.connect();
  }

  /** Neither reads nor writes for a while, as a stopped process; its kernel goes on. */
  stall(durationMs_: number): void {
    this.sending = false;
    this.#socket?.pause();
    setTimeout(() => {
      this.sending = true;
      this.#socket?.resume();
    }, durationMs_);
  }

  #greet(host: string): void {
    this.phase = "greeting";
    this.#socket?.write(upgradeRequest(host, AGENT_STREAM_PATH, UPGRADE_KEY));
    this.#send({
      kind: "hello",
      body: {
        versionMin: 1,
        versionMax: 1,
        nodeId: this.id,
        hostname: this.id,
        bootId: this.bootId,
        hardwareId: `fleet-${this.index}`,
        processId: this.#processId,
        incarnation: this.#incarnation,
        sessionEpoch: this.#epoch,
        lastTransition: this.#transition,
        agentVersion: "fleet",
        heartbeatIntervalMs: this.#settings.intervalMs,
        labels: [...this.#labels],
        networks: [{ role: "admin", interface: "lo", addresses: [this.address] }],
        uptimeMs: Math.round(performance.now()) + 60_000,
        capabilities: [],
        inventoryJson: "",
      },
    });
  }

  #onPayload(payload: Buffer): void {
    let frame: DecodedAggregatorFrame;
    try {
      frame = decodeAggregatorFrame(payload);
    } catch {
      this.#socket?.destroy();
      return;
    }
    if (frame.kind === "welcome" && this.phase === "greeting") {
      this.#incarnation = frame.body.incarnation;
      this.#epoch = frame.body.sessionEpoch;
      this.#sequence = 0;
      this.#wholeListAt = 0;
      this.#heartbeat.lastTransition = this.#transition;
      this.phase = "established";
      this.#plan.stable();
      for (const [transition, event] of this.#unacknowledged) {
        if (transition <= frame.body.acknowledgedTransition)
          this.#unacknowledged.delete(transition);
        else this.#socket?.write(event);
      }
      this.#listener.onEstablished(this);
    } else if (frame.kind === "eventAck") {
      for (const transition of this.#unacknowledged.keys())
        if (transition <= frame.body.transition) this.#unacknowledged.delete(transition);
    } else if (frame.kind === "goodbye") {
      const refused = [3, 4, 5, 7].includes(frame.body.reason);
      const { endpoint, reconnectAfterMs: afterMs } = frame.body;
      this.#goodbye = { endpoint, afterMs, refused };
      this.#socket?.end();
    }
  }

  #send(frame: AgentFrame): void {
    this.#socket?.write(maskedFrame(encodeAgentFrame(frame), this.#mask));
  }

  /** No further life until `revive`. */
  #end(why: string): void {
    clearTimeout(this.#timer);
    const wasEstablished = this.phase === "established";
    const wasDead = this.phase === "dead";
    this.phase = "dead";
    this.#socket = null;
    if (!wasDead) this.#listener.onDown(this, why, wasEstablished);
  }

  #down(why: string): void {
    const wasEstablished = this.phase === "established";
    this.#socket = null;
    this.phase = "idle";
    const retry = this.#retry();
    this.#timer = setTimeout(() => this.connect(retry.endpoint), retry.delay);
    this.#listener.onDown(this, why, wasEstablished);
  }

  #retry(): { readonly endpoint: string; readonly delay: number } {
    const goodbye = this.#goodbye;
    if (goodbye === null) return this.#plan.next();
    const notBefore = durationMs(goodbye.afterMs);
    if (goodbye.refused) return this.#plan.refused(notBefore);
    if (goodbye.endpoint === "") return this.#plan.next(notBefore);
    return this.#plan.redirect(goodbye.endpoint, notBefore);
  }
}
