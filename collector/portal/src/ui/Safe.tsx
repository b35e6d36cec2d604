import { visible } from "../lib/text";

/** Captured text: text nodes only, the invisible shown as escapes. */
export function Safe({ text, class: className = "" }: { text: string; class?: string }) {
  return (
    <bdi class={`safe ${className}`.trimEnd()}>
      {visible(text).map((segment, index) =>
        segment.kind === "text" ? segment.text : (
          <span key={index} class="escape" title={segment.title}>{segment.label}</span>
        ),
      )}
    </bdi>
  );
}
