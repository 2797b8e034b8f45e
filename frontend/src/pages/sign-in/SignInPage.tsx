import { useState } from 'react';
import { useNavigate } from 'react-router';
import { sendJson } from '../../api/client';
import { writeSession, type Session } from '../../api/session';
import { useReloadProfile } from '../../app/profile';
import { Choice } from '../../components/Choice';
import { Page } from '../../components/Page';
import { SubmitError } from '../../components/SubmitError';
import { useSubmit } from '../../hooks/useSubmit';
import { TextField } from './TextField';
import './SignInPage.css';

const MODES = [
  { value: 'login', label: 'I have an account' },
  { value: 'register', label: 'I am new here' },
] as const;
type Mode = (typeof MODES)[number]['value'];

export default function SignInPage() {
  const [mode, setMode] = useState<Mode>('login');
  const [form, setForm] = useState({ email: '', password: '', name: '', zip_code: '' });
  const { busy, error, submit } = useSubmit();
  const reloadProfile = useReloadProfile();
  const navigate = useNavigate();
  const set = (key: keyof typeof form) => (value: string) => {
    setForm({ ...form, [key]: value });
  };

  const signIn = async () => {
    const { email, password } = form;
    const session: Session =
      mode === 'login'
        ? await sendJson('post', '/api/v1/auth/login', { email, password })
        : await sendJson('post', '/api/v1/auth/register', form);
    writeSession(session);
    reloadProfile();
    await navigate('/profile');
  };

  return (
    <Page title="Sign in" lead="Your usage, your preferences, and the plans that suit them.">
      <form
        aria-label="Sign in"
        className="sign-in panel"
        onSubmit={(event) => {
          event.preventDefault();
          submit(signIn);
        }}
      >
        <Choice legend="Your account" options={MODES} value={mode} onChange={setMode} />
        <TextField label="Email" type="email" autoComplete="email" onChange={set('email')} />
        <TextField
          label="Password"
          type="password"
          autoComplete={mode === 'login' ? 'current-password' : 'new-password'}
          minLength={mode === 'login' ? 1 : 10}
          hint={mode === 'login' ? undefined : '10 characters or more.'}
          onChange={set('password')}
        />
        {mode === 'register' && (
          <>
            <TextField label="Name" autoComplete="name" maxLength={100} onChange={set('name')} />
            <TextField
              label="ZIP code"
              autoComplete="postal-code"
              inputMode="numeric"
              pattern="[0-9]{5}"
              hint="Five digits: plans differ from place to place."
              onChange={set('zip_code')}
            />
          </>
        )}
        <SubmitError error={error} />
        <button type="submit" className="button" disabled={busy}>
          {mode === 'login' ? 'Sign in' : 'Create account'}
        </button>
      </form>
    </Page>
  );
}
