import { anything, flag, integer, listOf, oneOf, record, text, type Shape } from '../shape';
import { RUN_STATES, type QmpCommand, type QmpResult } from './schema';

const nothing = record({});

export const versionInfo = record({
  qemu: record({ major: integer, minor: integer, micro: integer }),
  package: text,
});

/** What every command answers with: checked before the app sees it. */
export const resultShapes: { [C in QmpCommand]: Shape<QmpResult<C>> } = {
  qmp_capabilities: nothing,
  'query-version': versionInfo,
  'query-commands': listOf(record({ name: text })),
  quit: nothing,
  'query-status': record({ running: flag, status: oneOf(RUN_STATES) }),
  'query-name': record({}, { name: text }),
  'query-uuid': record({ UUID: text }),
  'query-current-machine': record({ 'wakeup-suspend-support': flag }),
  'query-memory-size-summary': record({ 'base-memory': integer }, { 'plugged-memory': integer }),
  'query-cpus-fast': listOf(
    record({ 'cpu-index': integer, 'thread-id': integer }, { 'qom-path': text, target: text }),
  ),
  'query-kvm': record({ enabled: flag, present: flag }),
  'query-blockstats': listOf(record({ stats: record({ rd_bytes: integer, wr_bytes: integer }) })),
  screendump: nothing,
  'query-chardev': listOf(record({ label: text, filename: text, 'frontend-open': flag })),
  'qom-get': anything,
  'qom-list': listOf(record({ name: text, type: text })),
  stop: nothing,
  cont: nothing,
  system_wakeup: nothing,
  system_powerdown: nothing,
  system_reset: nothing,
};
