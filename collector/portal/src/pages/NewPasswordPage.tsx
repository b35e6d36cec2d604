import { useTitle } from "../lib/hooks";
import { useSession } from "../lib/session";
import { Logo } from "../ui/Icon";
import { PasswordForm } from "../ui/PasswordForm";

/** Stands before everything else while the password was given out by someone else. */
export function NewPasswordPage() {
  useTitle("Choose a password");
  const { me, renew, signOut } = useSession();
  return (
    <main class="login">
      <div class="card">
        <div class="brand"><Logo />Sonde</div>
        <h1 class="headline">Choose your password</h1>
        <p class="secondary">Welcome, {me.username}. The password you were given is good for this login only.</p>
        <PasswordForm currentLabel="Password you were given" done={renew} />
        <button type="button" class="button quiet" onClick={signOut}>Log out</button>
      </div>
    </main>
  );
}
