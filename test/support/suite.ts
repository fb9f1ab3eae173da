// uvu's suite with a deadline for every test: uvu itself waits for ever.
import { suite as uvuSuite } from "uvu";

/** Far longer than any test without real waits needs, far shorter than a file's deadline. */
const TEST_DEADLINE_MS = 20_000;

type Handler = () => Promise<void> | void;

export interface Suite {
  (name: string, handler: Handler, deadlineMs?: number): void;
  /** Counts one skipped test. Call it through `onlyWith` (skip.ts), which prints the reason. */
  skip(): void;
  before: Hook;
  after: Hook;
  run(): void;
}

/** Hooks prepare and clean up; assertions belong in tests, because uvu hides what a hook throws. */
export interface Hook {
  (hook: Handler): void;
  each(hook: Handler): void;
}

export function suite(suiteName: string): Suite {
  const inner = uvuSuite(suiteName);
  const register = (name: string, handler: Handler, deadlineMs = TEST_DEADLINE_MS): void => {
    inner(name, () => withDeadline(handler, deadlineMs));
  };
  const hook = (original: typeof inner.before): Hook =>
    Object.assign((handler: Handler) => original(() => said(handler)), {
      each: (handler: Handler) => original.each(() => said(handler)),
    });
  return Object.assign(register, {
    skip: () => inner.skip(),
    before: hook(inner.before),
    after: hook(inner.after),
    run: () => inner.run(),
  });
}

/** What a hook throws is printed here: of uvu one only learns that no test passed. */
async function said(handler: Handler): Promise<void> {
  try {
    await withDeadline(handler, TEST_DEADLINE_MS);
  } catch (error) {
    console.error("a hook failed:", error);
    throw error;
  }
}

async function withDeadline(handler: Handler, deadlineMs: number): Promise<void> {
  const expired = new Error(`the test did not end within ${deadlineMs} ms`);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(expired), deadlineMs);
  });
  try {
    await Promise.race([Promise.resolve().then(handler), deadline]);
  } catch (error) {
    // uvu loses a thrown value that is not an Error.
    throw error instanceof Error ? error : new Error(`the test threw ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
