import { describe, expect, it } from 'vitest';
import { agentReader } from '../../../../main/protocols/guest-agent/reader';

describe('agentReader', () => {
  it('tells which message stands after a sentinel, and drops what it is told to skip', () => {
    const log: string[] = [];
    const reader = agentReader(100, {
      onMessage(text, afterSentinel) {
        log.push(`${text}${afterSentinel ? ' after the sentinel' : ''}`);
        if (text === '{"skip":1}') reader.skip();
      },
      onSentinel: () => log.push('sentinel'),
      onFault: ({ detail }) => log.push(detail),
    });
    const say = (text: string) => {
      reader.push(Buffer.from(text.replaceAll('~', '\xff'), 'latin1'));
    };
    say('{"a":1}{"skip":1}{"b":2}\n{"c":');
    say('3}~{"d":4}{"e":5}\n');
    say('{"half":~~{"f":6} noise {"g":7}');
    say('{"h":8}~{"i":9}');
    expect(log).toEqual([
      '{"a":1}',
      '{"skip":1}',
      'sentinel',
      '{"d":4} after the sentinel',
      '{"e":5}',
      'sentinel',
      'sentinel',
      '{"f":6} after the sentinel',
      'something that is not a JSON object',
      'sentinel',
      '{"i":9} after the sentinel',
    ]);
  });
});
