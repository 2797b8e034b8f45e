import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { ApiError } from '../api/error';
import type { Resource } from '../hooks/useApi';
import { Loaded } from './Loaded';

const show = (resource: Resource<string>) =>
  render(
    <Loaded resource={resource} what="plans">
      {(text) => <p>{text}</p>}
    </Loaded>,
  );

it('announces loading', () => {
  show({ status: 'loading' });
  expect(screen.getByRole('status')).toHaveTextContent('Loading plans…');
});

it('shows the old answer as busy while the next one loads', () => {
  show({ status: 'loading', stale: 'old plans' });
  expect(screen.getByText('old plans').parentElement).toHaveAttribute('aria-busy', 'true');
});

it('shows the answer', () => {
  show({ status: 'ready', data: 'new plans' });
  expect(screen.getByText('new plans').parentElement).toHaveAttribute('aria-busy', 'false');
});

it('shows what failed, the request id, and a way to try again', async () => {
  const retry = vi.fn();
  show({ status: 'failed', error: new ApiError('It is down.', 'x', 503, 'req_7'), retry });
  expect(screen.getByRole('alert')).toHaveTextContent(
    'We could not load plansIt is down.Request id req_7',
  );
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(retry).toHaveBeenCalledOnce();
});

it('says nothing of a request id when there was no response', () => {
  show({ status: 'failed', error: new ApiError('Offline.', 'network'), retry: vi.fn() });
  expect(screen.getByRole('alert')).not.toHaveTextContent('Request id');
});
