/** What stands where a page could not be fetched. */
import type { JSX } from "preact";
import type { Remote } from "./remote.tsx";

export interface RemoteErrorProps {
  readonly remote: Remote<object>;
  readonly what: string;
  readonly back: { readonly href: string; readonly text: string };
}

export function RemoteError({ remote, what, back }: RemoteErrorProps): JSX.Element {
  if (remote.error === "") return <p class="waiting">Fetching {what}…</p>;
  return (
    <article class="page">
      <p class="crumbs">
        <a href={back.href}>{back.text}</a>
      </p>
      <header class="title">
        <h1>{remote.notFound ? `There is no ${what}.` : `Could not fetch ${what}.`}</h1>
        <p class="title-reason">
          {remote.notFound
            ? "It may have been retired, or have left the hot set. Check the address."
            : `${remote.error}. It is tried again by itself.`}
        </p>
      </header>
    </article>
  );
}
