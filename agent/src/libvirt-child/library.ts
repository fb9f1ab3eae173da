/**
 * The few functions of libvirt that the child needs, called synchronously on one thread.
 *
 * Pointers are opaque bigints. Strings that libvirt allocates are copied with a bound and freed
 * here. Callbacks must not throw and must not call into the connection: they run inside libvirt's
 * event loop.
 */
import koffi from "koffi";

export type Pointer = bigint & { readonly __brand: "Pointer" };

export interface DomainCallbacks {
  onLifecycle(domain: Pointer, event: number, detail: number): void;
  onReboot(domain: Pointer): void;
  onWatchdog(domain: Pointer, action: number): void;
  onIoError(domain: Pointer, device: string, action: number, reason: string): void;
}

export interface DomainState {
  readonly state: number;
  readonly reason: number;
}

const UUID_STRING_BYTES = 37;
const KEEPALIVE_INTERVAL_S = 5;
const KEEPALIVE_COUNT = 3;
const EVENT_HANDLE_READABLE = 1;
/** virDomainEventID. */
const EVENT_LIFECYCLE = 0;
const EVENT_REBOOT = 1;
const EVENT_WATCHDOG = 3;
const EVENT_IO_ERROR_REASON = 6;

export interface EventTimer {
  /** Ends next this long from now, and then again and again. */
  setInterval(milliseconds: number): void;
}

export class LibvirtLibrary {
  readonly #library = koffi.load("libvirt.so.0");
  readonly #c = koffi.load(null);
  /** libvirt keeps the C side for ever; the JavaScript side must not be collected before it. */
  readonly #callbacks: unknown[] = [];
  readonly #runEventLoop = this.#library.func("int virEventRunDefaultImpl()");
  readonly #lastError = this.#library.func("const char *virGetLastErrorMessage()");
  readonly #free = this.#c.func("void free(void *pointer)");
  readonly #stringLength = this.#c.func("size_t strnlen(void *text, size_t max)");
  readonly #listAll = this.#library.func(
    "int virConnectListAllDomains(void *conn, _Out_ void **domains, unsigned int flags)",
  );
  readonly #getState = this.#library.func(
    "int virDomainGetState(void *domain, _Out_ int *state, _Out_ int *reason, unsigned int flags)",
  );
  readonly #getName = this.#library.func("const char *virDomainGetName(void *domain)");
  readonly #getUuid = this.#library.func(
    "int virDomainGetUUIDString(void *domain, _Out_ uint8_t *buffer)",
  );
  readonly #isPersistent = this.#library.func("int virDomainIsPersistent(void *domain)");
  readonly #getXml = this.#library.func(
    "void *virDomainGetXMLDesc(void *domain, unsigned int flags)",
  );
  readonly #freeDomain = this.#library.func("int virDomainFree(void *domain)");
  readonly #isAlive = this.#library.func("int virConnectIsAlive(void *conn)");
  readonly #uuidBuffer = Buffer.alloc(UUID_STRING_BYTES);

  /** Must be made before a connection is opened. */
  constructor() {
    this.#library.func("int virInitialize()")();
    this.#library.func("int virEventRegisterDefaultImpl()")();
    koffi.proto("void HbErrorCallback(void *opaque, void *error)");
    koffi.proto("void HbTimerCallback(int timer, void *opaque)");
    koffi.proto("void HbHandleCallback(int watch, int fd, int events, void *opaque)");
    koffi.proto("void HbCloseCallback(void *conn, int reason, void *opaque)");
    koffi.proto("void HbLifecycle(void *conn, void *domain, int event, int detail, void *opaque)");
    koffi.proto("void HbReboot(void *conn, void *domain, void *opaque)");
    koffi.proto("void HbWatchdog(void *conn, void *domain, int action, void *opaque)");
    koffi.proto(
      "void HbIoError(void *conn, void *domain, const char *path, const char *device, int action, const char *reason, void *opaque)",
    );
    // Keeps libvirt from printing to stderr. A C function that ignores its arguments: no way back
    // into JavaScript from the middle of an error.
    this.#library.func("void virSetErrorFunc(void *opaque, void *handler)")(
      null,
      this.#c.symbol("getpid"),
    );
  }

  /** Null when the daemon refuses; `lastError` says why. */
  open(uri: string, options: { readonly readOnly: boolean }): Pointer | null {
    const name = options.readOnly ? "virConnectOpenReadOnly" : "virConnectOpen";
    const connection = this.#library.func(`void *${name}(const char *uri)`)(uri) as Pointer | null;
    if (connection === null) return null;
    this.#library.func("int virConnectSetKeepAlive(void *conn, int interval, unsigned int count)")(
      connection,
      KEEPALIVE_INTERVAL_S,
      KEEPALIVE_COUNT,
    );
    return connection;
  }

  isAlive(connection: Pointer): boolean {
    return this.#isAlive(connection) === 1;
  }

  lastError(): string {
    return String((this.#lastError() as string | null) ?? "unknown error");
  }

  onClose(connection: Pointer, callback: (reason: number) => void): void {
    this.#library.func(
      "int virConnectRegisterCloseCallback(void *conn, void *callback, void *opaque, void *free)",
    )(
      connection,
      this.#register("HbCloseCallback", (_conn, reason) => callback(Number(reason))),
      null,
      null,
    );
  }

  /** False when the connection can not report events. */
  registerDomainEvents(connection: Pointer, callbacks: DomainCallbacks): boolean {
    const register = this.#library.func(
      "int virConnectDomainEventRegisterAny(void *conn, void *domain, int event, void *callback, void *opaque, void *free)",
    );
    const subscribe = (event: number, callback: unknown): boolean =>
      (register(connection, null, event, callback, null, null) as number) >= 0;
    const lifecycle = subscribe(
      EVENT_LIFECYCLE,
      this.#register("HbLifecycle", (_conn, domain, event, detail) =>
        callbacks.onLifecycle(domain as Pointer, Number(event), Number(detail)),
      ),
    );
    // Not every driver has these; a guest's life and death is what the connection must report.
    subscribe(
      EVENT_REBOOT,
      this.#register("HbReboot", (_conn, domain) => callbacks.onReboot(domain as Pointer)),
    );
    subscribe(
      EVENT_WATCHDOG,
      this.#register("HbWatchdog", (_conn, domain, action) =>
        callbacks.onWatchdog(domain as Pointer, Number(action)),
      ),
    );
    subscribe(
      EVENT_IO_ERROR_REASON,
      this.#register("HbIoError", (_conn, domain, _path, device, action, reason) =>
        callbacks.onIoError(domain as Pointer, String(device), Number(action), String(reason)),
      ),
    );
    return lifecycle;
  }

  /** Calls back from inside `runEventLoop` every `intervalMs`. */
  addTimer(intervalMs: number, callback: () => void): EventTimer {
    const add = this.#library.func(
      "int virEventAddTimeout(int frequency, void *callback, void *opaque, void *free)",
    );
    const update = this.#library.func("void virEventUpdateTimeout(int timer, int frequency)");
    const timer = Number(add(intervalMs, this.#register("HbTimerCallback", callback), null, null));
    return {
      setInterval: (milliseconds) => {
        update(timer, milliseconds);
      },
    };
  }

  /** Calls back from inside `runEventLoop` whenever `descriptor` can be read. */
  addReader(descriptor: number, callback: () => void): void {
    const add = this.#library.func(
      "int virEventAddHandle(int fd, int events, void *callback, void *opaque, void *free)",
    );
    add(
      descriptor,
      EVENT_HANDLE_READABLE,
      this.#register("HbHandleCallback", callback),
      null,
      null,
    );
  }

  /** Waits for the next timer, input or message of the daemon, and serves it. */
  runEventLoop(): boolean {
    return (this.#runEventLoop() as number) >= 0;
  }

  /** Every domain, running or not; null when the daemon does not answer. Free each one. */
  listDomains(connection: Pointer): readonly Pointer[] | null {
    const out: [Pointer | null] = [null];
    const count = this.#listAll(connection, out, 0) as number;
    const [array] = out;
    if (count < 0) return null;
    if (array === null) return [];
    const domains = count === 0 ? [] : (koffi.decode(array, "void *", count) as Pointer[]);
    this.#free(array);
    return domains;
  }

  freeDomain(domain: Pointer): void {
    this.#freeDomain(domain);
  }

  domainState(domain: Pointer): DomainState | null {
    const state: [number] = [0];
    const reason: [number] = [0];
    if ((this.#getState(domain, state, reason, 0) as number) < 0) return null;
    return { state: state[0], reason: reason[0] };
  }

  domainName(domain: Pointer): string {
    return String(this.#getName(domain));
  }

  domainUuid(domain: Pointer): string {
    this.#getUuid(domain, this.#uuidBuffer);
    return this.#uuidBuffer.toString("latin1", 0, UUID_STRING_BYTES - 1);
  }

  isPersistent(domain: Pointer): boolean {
    return this.#isPersistent(domain) === 1;
  }

  /** The domain's XML; null when it can not be had or is longer than `bytesMax`. */
  domainXml(domain: Pointer, bytesMax: number): string | null {
    return this.#takeText(this.#getXml(domain, 0) as Pointer | null, bytesMax);
  }

  /**
   * Sends one command to the QEMU guest agent; blocks for up to `timeoutS`. Needs a writable
   * connection. Returns libvirt's error, null when the agent answered.
   */
  agentCommand(
    connection: Pointer,
    uuid: string,
    command: string,
    timeoutS: number,
  ): string | null {
    const find = this.#library.func(
      "void *virDomainLookupByUUIDString(void *conn, const char *uuid)",
    );
    const domain = find(connection, uuid) as Pointer | null;
    if (domain === null) return this.lastError();
    const send = koffi
      .load("libvirt-qemu.so.0")
      .func(
        "void *virDomainQemuAgentCommand(void *domain, const char *command, int timeout, unsigned int flags)",
      );
    const reply = send(domain, command, timeoutS, 0) as Pointer | null;
    // Before anything else: the next call to libvirt resets its last error.
    const error = reply === null ? this.lastError() : null;
    this.#free(reply);
    this.freeDomain(domain);
    return error;
  }

  #takeText(text: Pointer | null, bytesMax: number): string | null {
    if (text === null) return null;
    const length = Number(this.#stringLength(text, bytesMax + 1));
    const copy = length > bytesMax ? null : (koffi.decode(text, "char", length) as string);
    this.#free(text);
    return copy;
  }

  #register(proto: string, callback: (...values: readonly unknown[]) => void): unknown {
    const pointer = koffi.register(callback, `${proto} *`);
    this.#callbacks.push(pointer, callback);
    return pointer;
  }
}
