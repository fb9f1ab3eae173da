/** Who started us and restarts us when we hang. */
export interface Supervisor {
  /** All is wired, the first session is being sought. */
  ready(): void;
  /** A whole loop has run: monitors looked after, session served. */
  alive(): void;
  /** An orderly end has begun. */
  stopping(): void;
}
