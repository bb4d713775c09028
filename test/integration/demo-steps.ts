/** What is said to a monitor, in steps, so that two can be compared by what they answer. */
export interface Step {
  what: string;
  /** Written one after the other, with a pause between them. */
  say: (string | Uint8Array)[];
}

export const step = (what: string, ...say: (string | Uint8Array)[]): Step => ({ what, say });
export const command = (execute: string, args?: object): Step =>
  step(
    `${execute} ${args ? JSON.stringify(args) : ''}`,
    JSON.stringify({ execute, ...(args ? { arguments: args } : {}), id: 'x' }),
  );

export const CAPABILITIES = step('qmp_capabilities', '{"execute":"qmp_capabilities","id":"x"}');

export const BEFORE_NEGOTIATION: Step[] = [
  step('a command too early', '{"execute":"query-status","id":1}'),
  step('an unknown command too early', '{"execute":"nonsense","id":{"a":[1,"b",null]}}'),
  step('events too early', '{"execute":"stop"}'),
  step('an unexpected member too early', '{"execute":"query-status","bogus":1,"id":1}'),
];

const SPLIT_CHARACTER = Buffer.from('{"execute":"query-status","id":"é✓"}');

export const SYNTAX: Step[] = [
  step('negotiating twice', '{"execute":"qmp_capabilities","id":2}'),
  step('an unknown command', '{"execute":"nonsense","id":{"a":1}}'),
  step('no id', '{"execute":"query-status"}'),
  step('id null', '{"execute":"query-status","id":null}'),
  step('an argument too many', '{"execute":"query-status","arguments":{"x":1},"id":"s"}'),
  step('a member too many', '{"execute":"query-status","bogus":1,"id":"s"}'),
  step('out of band, not negotiated', '{"exec-oob":"query-status","id":4}'),
  step('a command that is a number', '{"execute":5,"id":"s"}'),
  step('no command', '{"id":"s"}'),
  step('arguments that are an array', '{"execute":"stop","arguments":[],"id":"s"}'),
  step('an array', '[1]'),
  step('a string', '"str"'),
  step('a bad keyword', '{bad json}'),
  step('two in one write', '{"execute":"query-status","id":1}{"execute":"query-uuid","id":2}'),
  step('one in three writes', '{"exe', 'cute":"query-', 'status","id":1}'),
  step('split within a character', SPLIT_CHARACTER.subarray(0, 33), SPLIT_CHARACTER.subarray(33)),
  step('0xFF before', Uint8Array.of(0xff), '{"execute":"query-status","id":3}'),
  step('0xFF within a string', '{"execu', Uint8Array.of(0xff), '{"execute":"query-status","id":3}'),
  step(
    '0xFF within an object',
    '{"execute":"stop",',
    Uint8Array.of(0xff),
    '{"execute":"query-status","id":3}',
  ),
  step('brackets and quotes in strings', String.raw`{"execute":"query-status","id":"}\"{]\\"}`),
  step('whitespace around', '\r\n\t {"execute" :\n"query-status" , "id":1 }\r\n'),
];

export const QUERIES: Step[] = [
  command('query-version'),
  command('query-status'),
  command('query-name'),
  command('query-uuid'),
  command('query-target'),
  command('query-kvm'),
  command('query-current-machine'),
  command('query-memory-size-summary'),
  command('query-cpus-fast'),
  command('query-chardev'),
  command('qom-get', { path: '/machine', property: 'type' }),
  command('qom-get', { path: '/machine', property: 'acpi-device' }),
  command('qom-get', { path: '/machine', property: 'nothing' }),
  command('qom-get', { path: '/nowhere', property: 'type' }),
  command('qom-get', { path: '/machine' }),
  command('qom-get', { path: 5, property: 'type' }),
  command('qom-list', { path: '/nowhere' }),
];

export const POWER: Step[] = [
  command('stop'),
  command('stop'),
  command('query-status'),
  command('system_wakeup'),
  command('cont'),
  command('cont'),
  command('query-status'),
  command('system_powerdown'),
  command('system_wakeup'),
  command('system_reset'),
  command('query-status'),
  command('stop'),
  command('system_powerdown'),
  command('system_reset'),
  command('query-status'),
  command('stop'),
  command('cont'),
  command('query-status'),
];
