/** Something that runs between `start` and `stop`. Both may be called once. */
export interface Startable {
  start(): Promise<void>;
  /** Never rejects for work that could not be finished; bounded in time by the implementation. */
  stop(): Promise<void>;
}

/** Starts in order; when one fails, stops the started ones in reverse and rethrows. */
export async function startAll(parts: readonly Startable[]): Promise<void> {
  const started: Startable[] = [];
  for (const part of parts) {
    try {
      await part.start();
      started.push(part);
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }
}

/** Stops in reverse order. One part's failure does not keep the others from stopping; the first is rethrown. */
export async function stopAll(parts: readonly Startable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of [...parts].reverse()) {
    try {
      await part.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
