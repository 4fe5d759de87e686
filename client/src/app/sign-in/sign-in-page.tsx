import { DISPLAY_NAME_MAX_LENGTH, isDisplayName } from '@scriptorium/shared/display-name';
import { useEffect, useState } from 'preact/hooks';
import { RestError } from '../../sdk/rest-client.ts';
import { loadConfig, serverConfig, signInByName, signInByToken, signOutReason } from '../session.ts';
import { Brand } from '../ui/brand.tsx';

/** Asks who somebody is: by name in development mode, else for a token. */
export function SignInPage() {
  const config = serverConfig.value;
  const [unreachable, setUnreachable] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Scriptorium';
    if (config !== null) return undefined;
    const ask = (): void => {
      loadConfig().then(
        () => {
          setUnreachable(false);
        },
        () => {
          setUnreachable(true);
        },
      );
    };
    ask();
    const timer = setInterval(ask, 3_000);
    return () => {
      clearInterval(timer);
    };
  }, [config]);
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Brand />
        {config === null ? <Waiting unreachable={unreachable} /> : <SignInForm byName={config.devSignIn} />}
      </div>
      <p class="sign-in-foot">Self-hosted. Every acknowledged change is on disk.</p>
    </main>
  );
}

function Waiting({ unreachable }: { readonly unreachable: boolean }) {
  if (!unreachable) return <div class="sign-in-wait" aria-busy="true" />;
  return <p role="alert">The server cannot be reached. Nothing is lost; this page tries again every few seconds.</p>;
}

const TEXTS = {
  name: {
    title: 'What should people call you?',
    hint: 'This server is in development mode: a name is enough, and the same name is the same person.',
    label: 'Your name',
    submit: 'Start writing',
  },
  token: {
    title: 'Sign in with a token',
    hint: 'Paste an access token (a JWT) that your application issued for you. It is forgotten when this tab closes.',
    label: 'Access token',
    submit: 'Sign in',
  },
} as const;

function SignInForm({ byName }: { readonly byName: boolean }) {
  const [value, setValue] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const texts = byName ? TEXTS.name : TEXTS.token;
  const submit = async (): Promise<void> => {
    const text = value.trim();
    if (text === '' || busy) return;
    if (byName && !isDisplayName(text)) {
      setError('This name holds signs that nobody can see. Type it anew without them.');
      return;
    }
    setBusy(true);
    try {
      await (byName ? signInByName(text) : signInByToken(text));
    } catch (failure) {
      setError(explain(failure));
      setBusy(false);
    }
  };
  const reason = error ?? signOutReason.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1>{texts.title}</h1>
      <label for="sign-in-value">{texts.label}</label>
      <input
        id="sign-in-value"
        data-testid={byName ? 'sign-in-name' : 'sign-in-token'}
        class="field"
        autoFocus
        autoComplete={byName ? 'name' : 'off'}
        spellcheck={false}
        {...(byName ? { maxLength: DISPLAY_NAME_MAX_LENGTH } : {})}
        value={value}
        aria-describedby="sign-in-hint"
        aria-invalid={error !== null}
        onInput={(event) => {
          setValue(event.currentTarget.value);
        }}
      />
      <p id="sign-in-hint" class="hint">
        {texts.hint}
      </p>
      {reason !== null && (
        <p class="form-error" role="alert">
          {reason}
        </p>
      )}
      <button
        class="button primary wide"
        type="submit"
        data-testid="sign-in-submit"
        disabled={busy || value.trim() === ''}
      >
        {texts.submit}
      </button>
    </form>
  );
}

function explain(failure: unknown): string {
  if (failure instanceof RestError && failure.code === 'unauthenticated') return 'The server does not take this token.';
  return failure instanceof Error ? failure.message : 'That did not work.';
}
