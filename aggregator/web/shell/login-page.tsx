/** Asks for a token once; it becomes a cookie that scripts cannot read. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { logIn } from "../api/session.ts";

export function LoginPage({ because }: { readonly because: string }): JSX.Element {
  const token = useSignal("");
  const sending = useSignal(false);
  const submit = async (): Promise<void> => {
    sending.value = true;
    await logIn(token.value.trim());
    sending.value = false;
  };
  return (
    <main class="login" id="main">
      <h1>herdbeat</h1>
      <p>Sign in with an API token. It is exchanged for a session and not kept by this page.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label for="token">API token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          required
          value={token.value}
          aria-describedby="login-because"
          onInput={(event) => {
            token.value = event.currentTarget.value;
          }}
        />
        <button type="submit" disabled={sending.value}>
          Sign in
        </button>
        <p id="login-because" role="alert">
          {because}
        </p>
      </form>
      <p class="muted">
        The start command prints a link with a token in it. Otherwise ask whoever runs the
        aggregator for one with scope <code>viewer</code>.
      </p>
    </main>
  );
}
