import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Logger } from "@herdbeat/shared/logger";

/** `<pid>:<role> <day> <month> <year> <time> <level> <message>` */
const LINE = /^\d+:[A-Z] \d+ \S+ \d+ \S+ (?<level>[.*#-]) (?<message>.*)$/;
const LINE_CHARACTERS_MAX = 500;
/** Kept for the error that says why it did not start. */
const LINES_KEPT_MAX = 5;

/** Passes the server's own log on and remembers its last lines. */
export class ServerLog {
  readonly #logger: Logger;
  readonly #last: string[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  follow(stream: Readable): void {
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => this.#take(line.slice(0, LINE_CHARACTERS_MAX)));
    // The stream's end is the process's end, which is reported elsewhere.
    stream.on("error", () => {});
  }

  lastLines(): string {
    return this.#last.join(" | ");
  }

  #take(line: string): void {
    if (line.trim() === "") return;
    const groups = LINE.exec(line)?.groups;
    const message = groups?.["message"] ?? line;
    this.#last.push(message);
    if (this.#last.length > LINES_KEPT_MAX) this.#last.shift();
    // Its "#" covers greetings and advice as well as trouble; what is decided from is its end and its replies.
    if (groups?.["level"] === "#") this.#logger.info(message);
    else this.#logger.debug(message);
  }
}
