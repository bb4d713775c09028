import { useEffect } from 'react';
import { rememberFocusBehindQuestion } from '../../focus';
import { useWindow, windowStore } from '../../store';
import { HostKeyQuestion } from './host-key-question';
import { QuitQuestion } from './quit-question';
import { SecretQuestion } from './secret-question';

/** The question in front, over everything else; the next one follows when main has its answer or needs none any more. */
export function Prompts() {
  const prompt = useWindow((state) => (state.promptId === null ? undefined : state.view?.prompts[state.promptId]));
  useEffect(
    () =>
      windowStore.subscribe((state, old) => {
        if (state.promptId !== null && old.promptId === null) rememberFocusBehindQuestion(old.menu);
      }),
    [],
  );
  if (prompt === undefined) return null;
  switch (prompt.kind) {
    case 'host-key':
      return <HostKeyQuestion key={prompt.id} prompt={prompt} />;
    case 'secret':
      return <SecretQuestion key={prompt.id} prompt={prompt} />;
    case 'quit':
      return <QuitQuestion key={prompt.id} prompt={prompt} />;
  }
}
