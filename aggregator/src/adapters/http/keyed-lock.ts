/** One task at a time per key: what was read stays true until what depends on it is written. */
export class KeyedLock {
  readonly #tails: Map<string, Promise<unknown>> = new Map();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    // The next task runs whether or not this one succeeded; its failure is its own caller's.
    const mine = before.then(task, task);
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }
}
