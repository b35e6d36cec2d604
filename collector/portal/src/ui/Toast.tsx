import { useEffect, useState } from "preact/hooks";

interface ToastItem { id: number; text: string; error: boolean }

let push: ((text: string, error: boolean) => void) | null = null;

export function toast(text: string): void {
  push?.(text, false);
}

export function toastError(error: unknown): void {
  const known = error as { message?: string; detail?: string };
  const text = [known.message, known.detail].filter(Boolean).join(". ");
  push?.(text || "Something went wrong", true);
}

export function Toasts() {
  const [items, setItems] = useState<ToastItem[]>([]);
  useEffect(() => {
    let next = 1;
    push = (text, error) => {
      const id = next++;
      setItems((old) => [...old.slice(-3), { id, text, error }]);
      setTimeout(() => setItems((old) => old.filter((item) => item.id !== id)), error ? 9000 : 4000);
    };
    return () => { push = null; };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {items.map((item) => <div key={item.id} class={`toast ${item.error ? "error" : ""}`}>{item.text}</div>)}
    </div>
  );
}
