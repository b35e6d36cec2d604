import { useEffect, useRef, useState } from "preact/hooks";

import { login } from "../api/resources";
import type { Me } from "../api/types";
import { toApiError, useTitle } from "../lib/hooks";
import { Logo } from "../ui/Icon";

function message(error: unknown): string {
  const known = toApiError(error);
  if (known.status === 401) return "User name or password is wrong.";
  if (known.status === 429) return `Too many attempts. Try again in ${known.retryAfter ?? 60} s.`;
  return [known.message, known.detail].filter(Boolean).join(". ");
}

export function LoginPage({ expired, onLogin }: { expired: boolean; onLogin: (me: Me) => void }) {
  useTitle("Log in");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const user = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => user.current?.focus(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    try {
      onLogin(await login(user.current?.value ?? "", password.current?.value ?? ""));
    } catch (error) {
      setFailure(message(error));
      setBusy(false);
      password.current?.select();
    }
  };

  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <div class="brand"><Logo />Sonde</div>
        <h1 class="hidden-visually">Log in to Sonde</h1>
        {expired && !failure ? <p class="banner warn" role="status">Your session has ended. Log in again.</p> : null}
        <label class="label">User name
          <input class="field" ref={user} name="username" autocomplete="username" required maxLength={128} autocapitalize="none" spellcheck={false} />
        </label>
        <label class="label">Password
          <input class="field" ref={password} name="password" type="password" autocomplete="current-password" required maxLength={1024} />
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <button class="button primary" type="submit" disabled={busy}>{busy ? "Logging in…" : "Log in"}</button>
      </form>
    </main>
  );
}
