/** Copies a text and says that it did. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

const SAID_MS = 2_000;

export interface CopyButtonProps {
  readonly label: string;
  readonly text: () => string;
}

export function CopyButton({ label, text }: CopyButtonProps): JSX.Element {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    setSaid((await write(text())) ? "Copied" : "Not allowed here");
    setTimeout(() => setSaid(""), SAID_MS);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      {said === "" ? label : said}
    </button>
  );
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers refuse it without HTTPS or focus; the button says so.
    return false;
  }
}

/** The command that fetches what this page shows; the token stays a variable. */
export function curlCommand(path: string): string {
  return `curl -H "Authorization: Bearer $HERDBEAT_TOKEN" '${location.origin}${path}'`;
}
