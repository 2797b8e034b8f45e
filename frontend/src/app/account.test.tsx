import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { apiError, fakeApi } from '../../test/fakeApi';
import { analysis, profile, session, usage } from '../../test/fixtures';
import { renderApp } from '../../test/renderApp';
import { readSession, writeSession } from '../api/session';

const signedIn = (init: RequestInit) =>
  new Headers(init.headers).get('authorization') === 'Bearer access-1';
const answers = {
  '/api/v1/users/profile': (init: RequestInit) =>
    signedIn(init) ? { body: profile } : apiError(401, 'log in to see this'),
};

it('a stranger is asked to sign in, signs in, and sees their profile', async () => {
  let sent: unknown;
  fakeApi({
    ...answers,
    'POST /api/v1/auth/login': (init) => {
      sent = JSON.parse(init.body as string);
      return { body: session };
    },
  });
  const { user, address } = renderApp('/profile');
  await user.click(await screen.findByRole('link', { name: 'Sign in or create an account' }));
  await user.type(await screen.findByRole('textbox', { name: 'Email' }), 'marigold@example.com');
  await user.type(screen.getByLabelText('Password'), 'correct horse{Enter}');
  expect(await screen.findByText('Marigold Underhill')).toBeInTheDocument();
  expect(address()).toBe('/profile');
  expect(sent).toEqual({ email: 'marigold@example.com', password: 'correct horse' });

  await user.click(screen.getByRole('button', { name: 'Sign out' }));
  expect(await screen.findByRole('link', { name: 'Sign in' })).toBeInTheDocument();
  expect(readSession()).toBeUndefined();
});

it('a refused registration says why and keeps the form', async () => {
  fakeApi({
    ...answers,
    'POST /api/v1/auth/register': apiError(409, 'there is an account for this email'),
  });
  const { user } = renderApp('/sign-in');
  await user.click(await screen.findByRole('radio', { name: 'I am new here' }));
  await user.type(screen.getByRole('textbox', { name: 'Email' }), 'marigold@example.com');
  await user.type(screen.getByLabelText('Password'), 'correct horse');
  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'Marigold');
  await user.type(screen.getByRole('textbox', { name: 'ZIP code' }), '75201{Enter}');
  expect(await screen.findByText('there is an account for this email')).toBeInTheDocument();
  expect(screen.getByRole('textbox', { name: 'Name' })).toHaveValue('Marigold');
  expect(readSession()).toBeUndefined();
});

it('preferences are saved and shown, and nobody who did not sign in can sign out', async () => {
  const wanted = { cost: 40, flexibility: 15, renewables: 30, supplier_rating: 15 };
  let stored = profile;
  fakeApi({
    '/api/v1/users/profile': () => ({ body: stored }),
    'GET /api/v1/users/preferences': () => ({ body: stored.preferences }),
    'PUT /api/v1/users/preferences': (init) => {
      const preferences = JSON.parse(init.body as string) as typeof wanted;
      stored = { ...profile, preferences };
      return { body: preferences };
    },
  });
  const { user } = renderApp('/profile');
  await user.click(await screen.findByText('Change them'));
  expect(screen.queryByRole('button', { name: 'Sign out' })).toBeNull();
  const form = await screen.findByRole('form', { name: 'What matters to you' });
  await user.click(within(form).getByRole('button', { name: 'Save' }));
  expect(await within(form).findByText(/^Saved/)).toBeInTheDocument();
  expect(stored.preferences).toEqual(wanted);
});

it('readings are uploaded as what they are, and the pages ask again', async () => {
  writeSession(session);
  let type: string | null = null;
  const asked = fakeApi({
    ...answers,
    'POST /api/v1/usage/upload': (init) => {
      type = new Headers(init.headers).get('content-type');
      return { body: { days: 31, from: '2026-10-01', to: '2026-10-31' } };
    },
    '/api/v1/usage/history': { body: usage },
    '/api/v1/usage/analysis': { body: analysis },
  });
  const { user } = renderApp('/usage');
  expect(await screen.findByText(/About 12,000 kWh, which costs \$1,500/)).toHaveTextContent(
    '9 of the months are estimated',
  );
  await user.click(screen.getByText('Add readings'));
  await user.click(screen.getByRole('button', { name: 'Upload' }));
  expect(await screen.findByText('Choose a file first.')).toBeInTheDocument();
  const file = new File(['date,kwh\n2026-10,900\n'], 'october.csv', { type: 'text/csv' });
  await user.upload(screen.getByLabelText('File'), file);
  await user.click(screen.getByRole('button', { name: 'Upload' }));
  const done = 'Added 31 days: October 1, 2026 to October 31, 2026.';
  expect(await screen.findByText(done)).toBeInTheDocument();
  expect(type).toBe('text/csv');
  await waitFor(() => {
    expect(asked.filter((url) => url.startsWith('/api/v1/usage/history'))).toHaveLength(2);
  });
});

it('who has no recommendations yet can have them worked out, or hears what is missing', async () => {
  fakeApi({
    '/api/v1/users/profile': { body: profile },
    'GET /api/v1/recommendations/user_123': apiError(404, 'recommendations not found'),
    'POST /api/v1/recommendations/generate': apiError(422, 'recommendations need 3 months'),
  });
  const { user } = renderApp('/recommendations');
  expect(await screen.findByText('Nothing to suggest yet')).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Work them out again' }));
  expect(await screen.findByText('recommendations need 3 months')).toBeInTheDocument();
});
