import { useState } from "preact/hooks";

import { addSuppression } from "../api/resources";
import type { AlertSummary, SuppressionInput } from "../api/types";
import { describe } from "../lib/catalogue";
import type { EntityValue } from "../lib/ocsf";
import { toApiError } from "../lib/hooks";
import { visibleString } from "../lib/text";
import { Dialog } from "./Dialog";
import { Safe } from "./Safe";
import { toast } from "./Toast";

export function SuppressDialog({ alert: first, others = [], value, onClose }: {
  alert: AlertSummary; others?: AlertSummary[]; value: EntityValue | null; onClose: () => void;
}) {
  const [alert, setAlert] = useState(first);
  const [byValue, setByValue] = useState(value !== null);
  const [byApplication, setByApplication] = useState(alert.application !== "");
  const [byHost, setByHost] = useState(alert.application === "");
  const [reason, setReason] = useState("");
  const [days, setDays] = useState("30");
  const [failure, setFailure] = useState("");

  const submit = async (event: Event) => {
    event.preventDefault();
    const input: SuppressionInput = {
      alert: alert.alert,
      reason: reason.trim(),
      ...(byApplication ? { application: alert.application } : {}),
      ...(byHost ? { host: alert.host } : {}),
      ...(byValue && value ? { entity_type: value.type, entity_value: value.value } : {}),
      ...(days ? { days: Number(days) } : {}),
    };
    try {
      await addSuppression(input);
      toast("New alerts like this will be suppressed");
      onClose();
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };

  return (
    <Dialog title="Suppress similar alerts" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {others.length > 1 ? (
          <label class="label">Which of its alerts
            <select class="field" value={alert.uid} onChange={(event) => setAlert(others.find((other) => other.uid === event.currentTarget.value) ?? first)}>
              {others.map((other) => <option key={other.uid} value={other.uid}>{describe(other.alert, other.title).label}{other.application ? ` · ${visibleString(other.application)}` : ""}</option>)}
            </select>
          </label>
        ) : null}
        <p class="secondary">New alerts “{describe(alert.alert, alert.title).label}” that match all of the following are stored as suppressed and join no incident.</p>
        <label class="row"><input type="checkbox" checked={byApplication} disabled={!alert.application} onChange={(event) => setByApplication(event.currentTarget.checked)} />
          <span>Application is <strong><Safe text={alert.application || "unknown"} /></strong></span></label>
        <label class="row"><input type="checkbox" checked={byHost} disabled={!alert.host} onChange={(event) => setByHost(event.currentTarget.checked)} />
          <span>Host is <strong><Safe text={alert.host || "unknown"} /></strong></span></label>
        {value ? (
          <label class="row"><input type="checkbox" checked={byValue} onChange={(event) => setByValue(event.currentTarget.checked)} />
            <span>Its {value.type.replace(/_/g, " ")} is <strong><Safe text={value.value} /></strong></span></label>
        ) : null}
        <label class="label">For how long
          <select class="field" value={days} onChange={(event) => setDays(event.currentTarget.value)}>
            <option value="7">7 days</option>
            <option value="30">30 days</option>
            <option value="365">A year</option>
            <option value="">For ever</option>
          </select>
        </label>
        <label class="label">Why
          <textarea class="field" required maxLength={1024} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" disabled={!reason.trim() || !(byApplication || byHost || byValue)}>Suppress</button>
        </div>
      </form>
    </Dialog>
  );
}
