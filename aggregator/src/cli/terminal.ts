/** What herdctl knows of the world it is started in; tests give their own. */
export interface Terminal {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when a person sees the output: colours make sense. */
  readonly isTerminal: boolean;
  /** Asks a person; null when there is none. */
  readonly ask: (question: string) => Promise<string | null>;
  /** A file's text; null when it is absent. Any other failure rejects. */
  readonly readFile: (path: string) => Promise<string | null>;
}
