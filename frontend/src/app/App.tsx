import { lazy } from 'react';
import { Route, Routes } from 'react-router';
import { HomePage } from '../pages/home/HomePage';
import { NotFoundPage } from '../pages/NotFoundPage';
import { PlansPage } from '../pages/plans/PlansPage';
import { Layout } from './Layout';
import { ProfileProvider } from './ProfileProvider';

// Home and the catalogue are where visits begin; the rest is fetched when it is gone to.
const ProfilePage = lazy(() => import('../pages/profile/ProfilePage'));
const RecommendationsPage = lazy(() => import('../pages/recommendations/RecommendationsPage'));
const SignInPage = lazy(() => import('../pages/sign-in/SignInPage'));
const UsagePage = lazy(() => import('../pages/usage/UsagePage'));

export function App() {
  return (
    <ProfileProvider>
      <Routes>
        <Route element={<Layout />}>
          <Route index element={<HomePage />} />
          <Route path="plans/:planId?" element={<PlansPage />} />
          <Route path="recommendations" element={<RecommendationsPage />} />
          <Route path="usage" element={<UsagePage />} />
          <Route path="profile" element={<ProfilePage />} />
          <Route path="sign-in" element={<SignInPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </ProfileProvider>
  );
}
