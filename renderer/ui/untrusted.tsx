import { cleanBlock, cleanLine } from '../text';

/** One line of text from a guest, a host or a user: cleaned, isolated from the text around it, cut with an ellipsis. */
export function Line({ text, className }: { text: string; className?: string }) {
  const line = cleanLine(text);
  return (
    <bdi className={className === undefined ? 'line' : `line ${className}`} title={line}>
      {line}
    </bdi>
  );
}

/** Several lines of such text, whole. */
export function Block({ text, className }: { text: string; className?: string }) {
  return <bdi className={className === undefined ? 'block' : `block ${className}`}>{cleanBlock(text)}</bdi>;
}
