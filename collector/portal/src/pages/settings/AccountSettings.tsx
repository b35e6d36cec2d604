import { useSession } from "../../lib/session";
import { PasswordForm } from "../../ui/PasswordForm";
import { toast } from "../../ui/Toast";

export function AccountSettings() {
  const { me, renew } = useSession();
  return (
    <section class="card form-card">
      <header><h2>Your password</h2></header>
      <div class="body stack">
        <p class="secondary">You are {me.username}, {me.role}. Changing the password ends your other sessions.</p>
        <PasswordForm currentLabel="Current password" done={(now) => { renew(now); toast("Password changed"); }} />
      </div>
    </section>
  );
}
