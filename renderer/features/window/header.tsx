import type { KeyboardEvent } from 'react';
import type { AppView } from '../../../preload/contract/view';
import { appCommands } from '../../commands';
import { focusRow } from '../../focus';
import { emptiness } from '../../groups';
import { runAppCommand } from '../../intents';
import { shortcutText } from '../../shortcuts';
import { setSearch, useWindow } from '../../store';
import { IconButton, KeyCap } from '../../ui/button';
import { Icon, Mark } from '../../ui/icon';
import { Tip } from '../../ui/tip';
import { AddButton, DemoButton } from './app-buttons';
import { Pages } from './pages';

export function Header() {
  const app = useWindow((state) => state.view?.app);
  /** The empty list has these buttons itself. */
  const inList = useWindow((state) => ['failed', 'none'].includes(emptiness(state.view)));
  return (
    <header className="header">
      <h1 className="product">
        <Mark />
        <span>Reveille</span>
      </h1>
      <Pages platform={app?.platform ?? 'other'} />
      <Search />
      <div className="header-actions">
        {app === undefined || inList ? null : (
          <>
            <DemoButton app={app} />
            <AddButton command="add-host" />
            <AddButton command="add-guest" />
          </>
        )}
        <HeaderButton command="settings" platform={app?.platform ?? 'other'} />
        <HeaderButton command="palette" platform={app?.platform ?? 'other'} />
      </div>
    </header>
  );
}

interface HeaderButtonProps {
  command: 'palette' | 'settings';
  platform: AppView['platform'];
}

function HeaderButton({ command, platform }: HeaderButtonProps) {
  const { label, icon, shortcut } = appCommands[command];
  const keys = shortcut === undefined ? '' : shortcutText(shortcut, platform);
  return (
    <Tip text={`${label} (${keys})`}>
      <IconButton icon={icon} label={label} title={undefined} onClick={() => void runAppCommand(command)} />
    </Tip>
  );
}

function Search() {
  const search = useWindow((state) => state.search);
  const { label, shortcut } = appCommands.search;
  const toList = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    const row = document.querySelector<HTMLElement>('[data-guest-row]') ?? document.querySelector<HTMLElement>('[data-row]');
    const first = row?.dataset['row'];
    if (first === undefined) return;
    event.preventDefault();
    focusRow(first);
  };
  return (
    <div className="search">
      <Icon name="search" />
      <input
        type="search"
        data-guest-search=""
        aria-label={label}
        placeholder={label}
        value={search}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={toList}
      />
      {shortcut === undefined || search !== '' ? null : <KeyCap>{shortcut.key}</KeyCap>}
    </div>
  );
}
