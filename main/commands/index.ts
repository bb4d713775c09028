import { alarmHandlers } from './alarms';
import { appHandlers } from './app';
import { groupHandlers } from './groups';
import { guestHandlers } from './guests';
import { historyHandlers } from './history';
import { hostPowerHandlers } from './host-power';
import { hostHandlers } from './hosts';
import { scheduleHandlers } from './schedules';
import { settingsHandlers } from './settings';
import type { Handlers, Stage } from './handlers';
import { createTools } from './tools';

/** Every command of the bridge. A refusal is thrown as RefusedError; the bridge makes a result of it. */
export function createHandlers(stage: Stage): Handlers {
  const tools = createTools(stage);
  return {
    ...appHandlers(stage),
    ...guestHandlers(stage, tools),
    ...alarmHandlers(stage, tools),
    ...historyHandlers(stage, tools),
    ...groupHandlers(stage, tools),
    ...scheduleHandlers(stage),
    ...hostHandlers(stage),
    ...hostPowerHandlers(stage, tools),
    ...settingsHandlers(stage),
  };
}
