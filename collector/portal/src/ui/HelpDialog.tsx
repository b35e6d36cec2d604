import { Dialog } from "./Dialog";

const kKeys: [string[], string][] = [
  [["j", "k"], "Next, previous row; on an alert: next, previous alert of the list"],
  [["Enter"], "Open the row"],
  [["/"], "Search"],
  [["g", "o"], "Overview"],
  [["g", "i"], "Incidents"],
  [["g", "a"], "Alerts"],
  [["g", "v"], "Inventory"],
  [["g", "c"], "Coverage"],
  [["g", "f"], "Fleet"],
  [["m"], "Assign to me (alert, incident)"],
  [["e"], "Resolve (alert, incident)"],
  [["u"], "Back to the list"],
  [["?"], "This help"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <table class="table">
        <thead class="hidden-visually"><tr><th scope="col">Keys</th><th scope="col">What they do</th></tr></thead>
        <tbody>
          {kKeys.map(([keys, text]) => (
            <tr key={text}>
              <td class="nowrap">{keys.map((key) => <kbd key={key}>{key}</kbd>)}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}
