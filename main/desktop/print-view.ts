import type { Snapshot } from '../../preload/contract/view';

/** One line for each host and guest, for a terminal: control characters of foreign names are shown escaped. */
export function printableView({ hosts, guests }: Snapshot): string {
  const lines = Object.values(hosts).flatMap((host) => {
    const own = Object.values(guests).filter(({ hostId }) => hostId === host.id);
    const head = `${host.name}${host.simulated ? ' (simulated)' : ''}: ${own.length === 1 ? '1 guest' : `${own.length} guests`}`;
    return [head, ...own.map(({ name, state }) => `  ${name}: ${state.name}${state.detail ? ` (${state.detail})` : ''}`)];
  });
  return lines.map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => JSON.stringify(c).slice(1, -1))).join('\n');
}
