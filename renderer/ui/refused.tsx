import type { Refusal } from '../../preload/contract/commands';
import { Block } from './untrusted';

/** Why something could not be had or done, at the place where it would stand. */
export function Refused({ refusal }: { refusal: Refusal }) {
  return (
    <p className="refused">
      <Block text={refusal.message} />
      {refusal.remedy === undefined ? null : <Block text={refusal.remedy} className="remedy" />}
    </p>
  );
}
