import type { Fleet } from '../guests/fleet';
import type { ConnectionTest, HostBook } from '../host-book';
import type { Unasked } from '../hosts/listed';
import type { Question } from '../hosts/ssh/questions';
import type { HostPowerView, HostTestView, HostView, PromptView } from '../../preload/contract/view';

/** What the window shows of one host. */
export function hostViewOf(id: string, fleet: Fleet, book: HostBook, power: HostPowerView | null): HostView | undefined {
  const host = fleet.hosts().find((one) => one.id === id);
  if (!host) return undefined;
  const saved = book.saved(id);
  return {
    id,
    name: host.name,
    kind: host.kind,
    address: saved?.address ?? null,
    enabled: saved?.enabled ?? true,
    link: host.link?.state ?? { kind: 'ready' },
    notHonoured: [...(book.host(id)?.notHonoured ?? [])],
    remarks: remarksOf(host.unasked()),
    simulated: host.simulated,
    status: fleet.status(id),
    power,
  };
}

/** What the window tells of what could not be asked: each sentence once. */
function remarksOf(unasked: readonly Unasked[]): HostView['remarks'] {
  const notable = unasked.filter((one) => one.notable);
  return [...new Map(notable.map(({ reason, remedy }) => [reason, { text: reason, remedy }])).values()];
}

export const promptView = (id: string, question: Question | undefined): PromptView | undefined =>
  question &&
  (question.kind === 'secret'
    ? { id, ...question, fields: [...question.fields] }
    : { id, ...question, authorities: [...question.authorities] });

export const testView = (test: ConnectionTest | undefined): HostTestView | undefined =>
  test && { ...test, steps: [...test.steps] };
