import { render } from 'preact';
import { App, loadEditorPage } from './app.tsx';
import { startRouter } from './router.ts';
import { followOtherTabs, loadConfig } from './session.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/pages.css';

const root = document.querySelector('#app');
if (root === null) throw new Error('the page has no place for the app');

startRouter();
followOtherTabs();
// Pages that need the answer ask again and show the error.
loadConfig().catch(() => {});
render(<App />, root);

// The editor is fetched while somebody reads the list.
const whenIdle = 'requestIdleCallback' in window ? requestIdleCallback : (work: () => void) => setTimeout(work, 1_000);
whenIdle(() => {
  loadEditorPage().catch(() => {});
});
