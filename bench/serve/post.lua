-- One question, its body and the address behind Portkey's gateway given by the environment; the others ignore that field.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer key"
wrk.headers["x-portkey-provider"] = "openai"
wrk.headers["x-portkey-custom-host"] = os.getenv("UPSTREAM")
wrk.body = os.getenv("BODY")
