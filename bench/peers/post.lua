-- The request that client_cost sends, its body given by the environment.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["Authorization"] = "Bearer key"
wrk.headers["User-Agent"] = "wrk"
wrk.body = os.getenv("BODY")
