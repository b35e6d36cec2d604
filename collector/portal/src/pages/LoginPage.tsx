import { useEffect, useRef, useState } from "preact/hooks";

import { login, loginOptions, oidcLoginUrl } from "../api/resources";
import type { LoginOptions, Me } from "../api/types";
import { toApiError, useTitle } from "../lib/hooks";
import { Logo } from "../ui/Icon";

function message(error: unknown): string {
  const known = toApiError(error);
  if (known.status === 401) return "User name or password is wrong.";
  if (known.status === 429) return `Too many attempts. Try again in ${known.retryAfter ?? 60} s.`;
  return [known.message, known.detail].filter(Boolean).join(". ");
}

/** How a login at the identity provider ended, as the collector says it in the address. */
const kOutcomes: Record<string, string> = {
  refused: "The login at the identity provider was not completed. Try again.",
  not_allowed: "You are known to the identity provider, but no group of yours may use this portal.",
  unreachable: "The identity provider cannot be reached now.",
};

function takeOutcome(): string {
  const address = new URL(window.location.href);
  const outcome = kOutcomes[address.searchParams.get("login") ?? ""] ?? "";
  if (address.searchParams.has("login")) {
    address.searchParams.delete("login");
    window.history.replaceState(null, "", address);
  }
  return outcome;
}

export function LoginPage({ expired, onLogin }: { expired: boolean; onLogin: (me: Me) => void }) {
  useTitle("Log in");
  const [failure, setFailure] = useState(takeOutcome);
  const [options, setOptions] = useState<LoginOptions | null>(null);
  const [busy, setBusy] = useState(false);
  const user = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => {
    user.current?.focus();
    loginOptions().then(setOptions, () => undefined);
  }, []);

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
        {options?.oidc ? <a class="button" href={oidcLoginUrl}>Log in with {options.oidc.label}</a> : null}
      </form>
    </main>
  );
}
