import { useRef, useState } from 'react';
import { Button } from './button';

/** Selects the text and copies it the old way, which needs no permission. */
function copySelection(element: HTMLElement): boolean {
  const selection = window.getSelection();
  if (selection === null) return false;
  selection.selectAllChildren(element);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the clipboard API needs a permission; the app grants none
  return document.execCommand('copy');
}

/** Text to be taken elsewhere, with a button that copies it; where copying is denied the text is left selected. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'selected'>('none');
  const code = useRef<HTMLElement>(null);
  const copy = () => {
    if (code.current !== null) setOutcome(copySelection(code.current) ? 'copied' : 'selected');
  };
  return (
    <div className="copyable">
      <pre className="code" tabIndex={0} role="group" aria-label={label}>
        <code ref={code}>{text}</code>
      </pre>
      <Button look="quiet" icon={outcome === 'copied' ? 'check' : 'copy'} onClick={copy}>
        {outcome === 'copied' ? 'Copied' : 'Copy'}
      </Button>
      {outcome === 'selected' ? <p className="hint">Selected: press Ctrl or Cmd and C.</p> : null}
    </div>
  );
}
