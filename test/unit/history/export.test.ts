import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportedOf, historyCsv, historyJson, type Exported } from '../../../main/history/export';
import { createHistory } from '../../../main/history/history';
import { memoryLog } from '../../../main/storage/log';
import { fakeClock } from '../../fakes/clock';

const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

/** Reads CSV as RFC 4180 has it. @throws Error for what is out of place */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw new Error('A quote is not closed');
        if (text[at] === '"' && text[at + 1] !== '"') break;
        if (text[at] === '"') at += 1;
        cell += text.charAt(at);
      }
      at += 1;
    } else {
      for (; at < text.length && !',\r\n'.includes(text.charAt(at)); at += 1) cell += text.charAt(at);
      if (cell.includes('"')) throw new Error('A quote in a cell that is not quoted');
    }
    row.push(cell);
    if (text[at] === ',') at += 1;
    else {
      if (text.slice(at, at + 2) !== '\r\n') throw new Error(`No end of line after ${cell}`);
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

const subject = (change: Partial<Exported> = {}): Exported => ({
  id: 'local-1',
  name: 'nas',
  kind: 'guest',
  host: 'This computer',
  stretches: [{ from: 0, to: 60_000, state: 'suspended', source: 'event', cause: 'user' }],
  entries: [
    { at: 30_000, kind: 'alarm', text: 'Woken by its alarm.', actor: { kind: 'alarm', holder: 'host' }, failed: false },
    { at: 20_000, kind: 'action', text: 'Sleep, "soon"', actor: { kind: 'schedule', name: 'Nights' }, failed: true },
  ],
  ...change,
});

describe('CSV', () => {
  it('has a line for each entry and each stretch, in the order of time', () => {
    const text = decode(historyCsv([subject()]));
    expect(text).toBe(
      [
        'time,until,name,kind,host,id,record,state,known by,who,who in detail,text,failed',
        '1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,nas,guest,This computer,local-1,stretch,suspended,event,user,,,',
        '1970-01-01T00:00:20.000Z,,nas,guest,This computer,local-1,action,,,schedule,Nights,"Sleep, ""soon""",yes',
        '1970-01-01T00:00:30.000Z,,nas,guest,This computer,local-1,alarm,,,alarm,host,Woken by its alarm.,no',
        '',
      ].join('\r\n'),
    );
  });

  it('without anything to export has its head', () => {
    expect(readCsv(decode(historyCsv([])))).toHaveLength(1);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', ' =1', '＝1', '=cmd|\' /C calc\'!A0', 'nice;=1', 'nice\n=1'])(
    'keeps %j from being a formula',
    (name) => {
      const text = decode(historyCsv([subject({ name, entries: [] })]));
      const [, cells] = readCsv(text);
      expect(cells?.[2]).not.toBe(name);
      expect(cells?.[2]?.replaceAll("'", '')).toBe(name.replaceAll("'", ''));
      expect(cells?.[2]).toMatch(/'/);
    },
  );

  it('of any text is read as what it was, and no cell of it is a formula, whatever the separator', () => {
    const nasty = fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '"', ',', ';', '\r', '\n', '\t', ' ', "'", 'a', 'ä', '😀', '\0', '|', '＝') });
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (name, host, text, schedule) => {
        const bytes = historyCsv([
          subject({ name, host, entries: [{ at: 1, kind: 'action', text, actor: { kind: 'schedule', name: schedule }, failed: false }] }),
        ]);
        const csv = decode(bytes);
        const rows = readCsv(csv);
        expect(rows.map((cells) => cells.length)).toEqual([13, 13, 13]);
        const plain = (value: string | undefined) => value?.replaceAll("'", '');
        expect([rows[2]?.[2], rows[2]?.[4], rows[2]?.[11], rows[2]?.[10]].map(plain)).toEqual([name, host, text, schedule].map(plain));
        for (const cells of rows) for (const cell of cells) expect(cell).not.toMatch(/^[\s\0]*[=+\-@＝＋－＠]/);
        // A spreadsheet whose separator is the semicolon or the tab cuts elsewhere, and knows no quotes within a cell.
        for (const part of csv.split(/[;\t\r\n]/)) expect(part).not.toMatch(/^[\s\0]*[=+\-@＝＋－＠]/);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves harmless text as it is', () => {
    for (const text of ['a = b', 'a-b', "It's 50 %", 'nas (1); then', '2026-11-23']) {
      expect(readCsv(decode(historyCsv([subject({ name: text, entries: [], stretches: subject().stretches })])))[1]?.[2]).toBe(text);
    }
  });
});

describe('JSON', () => {
  it('has the same, with times that can be read', () => {
    const value = JSON.parse(decode(historyJson([subject({ name: 'nas "1" \ud800' })], 0))) as unknown;
    expect(value).toMatchObject({
      format: 'reveille-history',
      version: 1,
      exported: '1970-01-01T00:00:00.000Z',
      subjects: [
        {
          id: 'local-1',
          kind: 'guest',
          states: [{ from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T00:01:00.000Z', state: 'suspended', source: 'event', cause: 'user' }],
          entries: [{ at: '1970-01-01T00:00:30.000Z', actor: { kind: 'alarm', holder: 'host' } }, {}],
        },
      ],
    });
  });
});

it('an export begins with the first that is known', async () => {
  const clock = fakeClock();
  const history = createHistory({ clock, log: memoryLog(), onProblem: () => undefined });
  history.start();
  await clock.advance(1000);
  const began = clock.now();
  history.state('a', { name: 'running', source: 'event', cause: 'guest' });
  await clock.advance(1000);
  const { stretches } = exportedOf(history, { id: 'a', name: 'a', kind: 'guest', host: '' }, clock.now());
  expect(stretches).toMatchObject([{ state: 'running', from: began, to: clock.now() }]);
  await history.stop();
});
