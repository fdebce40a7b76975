/** Whether a key came alone: with a modifier it belongs to the browser or the system. Shift only helps to type “?”. */
export const isSingleKey = ({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  !ctrlKey && !metaKey && !altKey

/** Whether keys are text where they arrive, or choose something there. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('input, textarea, select, [role=combobox], [role=textbox]') !== null)
  )
}
