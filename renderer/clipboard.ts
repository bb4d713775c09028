/**
 * Copies text the old way, which needs no permission: the app grants none. To be called while a click or a key is handled.
 * @returns whether the system took it
 */
export function copyText(text: string): boolean {
  let taken = false;
  const put = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData('text/plain', text);
    taken = event.clipboardData !== null;
  };
  document.addEventListener('copy', put, { capture: true });
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
    return document.execCommand('copy') && taken;
  } finally {
    document.removeEventListener('copy', put, { capture: true });
  }
}
