import { Route, Routes } from 'react-router';
import { HomePage } from '../pages/home/HomePage';
import { NotFoundPage } from '../pages/NotFoundPage';
import { PlansPage } from '../pages/plans/PlansPage';
import { ProfilePage } from '../pages/profile/ProfilePage';
import { RecommendationsPage } from '../pages/recommendations/RecommendationsPage';
import { UsagePage } from '../pages/usage/UsagePage';
import { Layout } from './Layout';
import { ProfileProvider } from './ProfileProvider';

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
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </ProfileProvider>
  );
}
