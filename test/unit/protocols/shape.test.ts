import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flag, integer, listOf, oneOf, record, ShapeError, text } from '../../../main/protocols/shape';

const machine = record({ name: text, cpus: listOf(integer) }, { state: oneOf(['on', 'off']), hot: flag });

describe('shapes', () => {
  it('pass what fits, without members that nobody asked for', () => {
    expect(machine({ name: 'a', cpus: [1], state: 'on', extra: 1 }, 'it')).toEqual({
      name: 'a',
      cpus: [1],
      state: 'on',
    });
    expect(machine({ name: 'a', cpus: [], hot: null }, 'it')).toEqual({ name: 'a', cpus: [] });
  });

  it.each([
    [{ cpus: [] }, 'it.name should be text, but is missing'],
    [{ name: 'a', cpus: [1, 'two'] }, 'it.cpus[1] should be an integer, but is "two"'],
    [{ name: 'a', cpus: [1.5] }, 'it.cpus[0] should be an integer, but is 1.5'],
    [{ name: 'a', cpus: [2 ** 53] }, 'it.cpus[0] should be an integer, but is 9007199254740992'],
    [{ name: 'a', cpus: {} }, 'it.cpus should be a list, but is an object'],
    [{ name: 'a', cpus: [], state: 'maybe' }, 'it.state should be one of on, off, but is "maybe"'],
    [{ name: 'a', cpus: [], hot: 'yes' }, 'it.hot should be true or false, but is "yes"'],
    [[], 'it should be an object, but is a list'],
    [null, 'it should be an object, but is null'],
  ])('say where %j does not fit', (value, message) => {
    expect(() => machine(value, 'it')).toThrow(ShapeError);
    expect(() => machine(value, 'it')).toThrow(message);
  });

  it('do not look at the prototype', () => {
    expect(() => record({ toString: text })({}, 'it')).toThrow('it.toString should be text, but is missing');
  });

  it('throw nothing but a ShapeError, whatever they get', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          machine(value, 'it');
        } catch (error) {
          expect(error).toBeInstanceOf(ShapeError);
        }
      }),
    );
  });
});
