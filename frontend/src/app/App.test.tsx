import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { apiError, fakeApi } from '../../test/fakeApi';
import { analysis, catalog, profile, summary, usage } from '../../test/fixtures';
import { renderApp } from '../../test/renderApp';

const recommendation = {
  rank: 1,
  score: 92.4,
  scores: { cost: 95, flexibility: 80, renewables: 100, supplier: 84 },
  plan: summary,
  projected_annual_cost_cents: 118_400,
  annual_savings_cents: 32_760,
  switching_cost_cents: 0,
  break_even_months: 0,
  reasons: ['80 % renewable energy'],
  risk_flags: ['Leaving within 12 months costs $150'],
};
const recommendations = (items: unknown[]) => ({
  user_id: 'user_123',
  generated_at: '2026-11-22T10:00:00Z',
  expires_at: '2026-11-23T10:00:00Z',
  items,
});
const answers = {
  '/api/v1/users/profile': { body: profile },
  '/api/v1/recommendations/user_123': { body: recommendations([recommendation]) },
  '/api/v1/plans/catalog': { body: catalog([summary]) },
  '/api/v1/usage/history': { body: usage },
  '/api/v1/usage/analysis': { body: analysis },
};

describe('moving between sections', () => {
  it('names the document and puts the focus on the heading', async () => {
    fakeApi(answers);
    const { user } = renderApp('/');
    expect(document.title).toBe('Electricity plans that fit · TreeBeard');
    expect(document.body).toHaveFocus();
    await user.click(screen.getByRole('link', { name: 'Profile' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'Your profile' })).toHaveFocus();
    expect(document.title).toBe('Your profile · TreeBeard');
  });

  it('has one main landmark that the skip link leads to', () => {
    fakeApi(answers);
    renderApp('/');
    const link = screen.getByRole('link', { name: 'Skip to content' });
    expect(link).toHaveAttribute('href', `#${screen.getByRole('main').id}`);
    expect(screen.getByRole('navigation', { name: 'Main' })).toBeInTheDocument();
  });

  it('says when there is no such page', () => {
    fakeApi(answers);
    renderApp('/nowhere/at/all');
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Page not found');
  });
});

describe('home', () => {
  it('takes a ZIP code to the catalogue', async () => {
    fakeApi(answers);
    const { user, address } = renderApp('/');
    const zip = screen.getByRole('textbox', { name: 'Your ZIP code' });
    await user.type(zip, '752{Enter}');
    expect(screen.getByText('Enter a ZIP code of five digits.')).toBeInTheDocument();
    expect(zip).toBeInvalid();
    await user.type(zip, '01{Enter}');
    expect(address()).toBe('/plans?zip_code=75201');
  });

  it('shows the best match', async () => {
    fakeApi(answers);
    renderApp('/');
    expect(await screen.findByText('Saves $328 a year')).toBeInTheDocument();
  });
});

describe('recommendations', () => {
  it('come with reasons, risks and scores in words', async () => {
    fakeApi(answers);
    renderApp('/recommendations');
    const card = await screen.findByRole('article');
    expect(within(card).getByText('80 % renewable energy')).toBeInTheDocument();
    expect(within(card).getByText('Leaving within 12 months costs $150')).toBeInTheDocument();
    expect(within(card).getByText('92 of 100')).toBeInTheDocument();
  });

  it('may be none', async () => {
    const none = { body: recommendations([]) };
    fakeApi({ ...answers, '/api/v1/recommendations/user_123': none });
    renderApp('/recommendations');
    expect(await screen.findByText('Nothing to suggest yet')).toBeInTheDocument();
  });

  it('fail with the profile that they need, and recover with it', async () => {
    let up = false;
    fakeApi({
      ...answers,
      '/api/v1/users/profile': () => (up ? { body: profile } : apiError(503, 'down')),
    });
    const { user } = renderApp('/recommendations');
    expect(await screen.findByText('req_7')).toBeInTheDocument();
    up = true;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('article')).toBeInTheDocument();
  });
});

describe('usage', () => {
  it('is there as a table too, for the months in the address bar', async () => {
    const asked = fakeApi(answers);
    const { user, address } = renderApp('/usage?months=6');
    expect(await screen.findByText('2,134 kWh')).toBeInTheDocument();
    expect(asked).toContain('/api/v1/usage/history?months=6');
    expect(screen.getByRole('radio', { name: '6 months' })).toBeChecked();
    await user.click(screen.getByText('The same as a table'));
    expect(screen.getByRole('row', { name: 'Oct 2026 1,234 kWh $150.50' })).toBeInTheDocument();
    await user.click(screen.getByRole('radio', { name: '24 months' }));
    expect(address()).toBe('/usage?months=24');
  });

  it('may be none', async () => {
    const none = { ...usage, months: [], total_kwh: 0, average_monthly_kwh: 0 };
    fakeApi({ ...answers, '/api/v1/usage/history': { body: none } });
    renderApp('/usage');
    expect(await screen.findByText('No usage yet')).toBeInTheDocument();
  });
});

it('the profile shows preferences, heaviest first, and copes without a plan', async () => {
  fakeApi(answers);
  renderApp('/profile');
  const region = await screen.findByRole('region', { name: 'What matters to you' });
  const terms = within(region).getAllByRole('term');
  expect(terms.map((term) => term.textContent)).toEqual([
    'Low cost',
    'Renewable energy',
    'Freedom to leave',
    'A well-rated supplier',
  ]);
  expect(screen.getByText('No plan on file')).toBeInTheDocument();
});
