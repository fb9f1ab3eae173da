/** The only text that is announced while it changes: how many, of what. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Counts can change four times a second; nobody can listen to that. */
const ANNOUNCE_EVERY_MS = 3_000;

export function LiveCount({ text }: { readonly text: string }): JSX.Element {
  const [announced, setAnnounced] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAnnounced(text), ANNOUNCE_EVERY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {announced}
    </p>
  );
}
