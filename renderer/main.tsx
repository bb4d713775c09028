import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { followReveals, followView, windowPort } from './bridge';
import { App } from './features/window/app';
import { showWindowError } from './intents';
import { revealGuest } from './reveal';
import { showLinkLost, showView } from './store';
import './styles/index.css';

window.addEventListener('unhandledrejection', (event) => showWindowError(event.reason));
window.addEventListener('error', (event) => showWindowError(event.error ?? event.message));

followView(windowPort, showView, showLinkLost);
followReveals(revealGuest);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root".');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
