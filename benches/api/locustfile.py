from locust import HttpUser, task, between

class TreeBeardUser(HttpUser):
    wait_time = between(1, 3)

    @task(3)
    def get_plans(self):
        self.client.get("/api/v1/plans/catalog")

    @task(2)
    def get_recommendations(self):
        self.client.get("/api/v1/recommendations/user_123")

    @task(1)
    def get_profile(self):
        self.client.get("/api/v1/users/profile")
