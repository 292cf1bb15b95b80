#include "support/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace stagger::test {

namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

key_ptr make_key() {
    return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    require(extension != nullptr, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

struct subject {
    const char* name;
    const char* alternative_names;  // null: an authority; empty: none
    long valid_from_s;              // relative to now
    long valid_to_s;
};

/// `issuer` null: signed by itself.
certificate_ptr make_certificate(const subject& who, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                                 long serial) {
    certificate_ptr made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), who.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), who.valid_to_s);
    X509_set_pubkey(made.get(), key);
    X509_NAME* name = X509_get_subject_name(made.get());
    const std::string common_name = who.name;
    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(common_name.size()), -1, 0);
    X509* const signer = issuer ? issuer : made.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
    if (who.alternative_names) {
        add_extension(made.get(), signer, NID_basic_constraints, "CA:FALSE");
        if (*who.alternative_names)
            add_extension(made.get(), signer, NID_subject_alt_name, who.alternative_names);
    } else {
        add_extension(made.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    }
    require(X509_sign(made.get(), issuer_key, EVP_sha256()) != 0, "X509_sign");
    return made;
}

constexpr long day = 24 * 3600;
constexpr const char* ours = "DNS:localhost,IP:127.0.0.1";

subject describe(certificate_kind kind) {
    switch (kind) {
        case certificate_kind::expired:
            return {"localhost", ours, -10 * day, -5 * day};
        case certificate_kind::wrong_host:
            return {"api.example.test", "DNS:api.example.test,IP:127.0.0.9", -day, day};
        case certificate_kind::only_common_name:
            return {"localhost", "", -day, day};
        case certificate_kind::good:
        case certificate_kind::self_signed:
            break;
    }
    return {"localhost", ours, -day, day};
}

}  // namespace

namespace {

/// A PEM file that is removed with this object.
class pem_file {
 public:
    template <class Write>
    explicit pem_file(Write write) {
        const char* folder = std::getenv("TMPDIR");
        path_ = std::string(folder ? folder : "/tmp") + "/stagger-pem-XXXXXX";
        const int descriptor = mkstemp(path_.data());
        require(descriptor >= 0, "mkstemp");
        std::FILE* file = fdopen(descriptor, "w");
        write(file);
        std::fclose(file);
    }
    ~pem_file() { std::remove(path_.c_str()); }
    pem_file(const pem_file&) = delete;
    pem_file& operator=(const pem_file&) = delete;
    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

struct key_pair {
    key_ptr key = make_key();
    certificate_ptr certificate;
    pem_file certificate_file;
    pem_file key_file;

    key_pair(const subject& who, X509* issuer, EVP_PKEY* issuer_key, long serial)
        : certificate(make_certificate(who, key.get(), issuer, issuer ? issuer_key : key.get(), serial)),
          certificate_file([this](std::FILE* file) { PEM_write_X509(file, certificate.get()); }),
          key_file([this](std::FILE* file) {
              PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }) {}
};

}  // namespace

struct test_certificates::state {
    key_ptr ca_key = make_key();
    certificate_ptr ca = make_certificate({"Test authority", nullptr, -20 * day, 20 * day}, ca_key.get(),
                                          nullptr, ca_key.get(), 1);
    pem_file ca_file{[this](std::FILE* file) { PEM_write_X509(file, ca.get()); }};
    key_pair client{{"client", "", -day, day}, ca.get(), ca_key.get(), 50};
    key_pair server{describe(certificate_kind::good), ca.get(), ca_key.get(), 52};
    key_pair stranger{{"stranger", "", -day, day}, nullptr, nullptr, 51};
};

test_certificates::test_certificates() : state_(std::make_unique<state>()) {}

test_certificates::~test_certificates() = default;

const std::string& test_certificates::ca_file() const {
    return state_->ca_file.path();
}

test_certificates::client_files test_certificates::client() const {
    return {state_->client.certificate_file.path(), state_->client.key_file.path()};
}

test_certificates::client_files test_certificates::server_files() const {
    return {state_->server.certificate_file.path(), state_->server.key_file.path()};
}

test_certificates::client_files test_certificates::stranger() const {
    return {state_->stranger.certificate_file.path(), state_->stranger.key_file.path()};
}

std::shared_ptr<boost::asio::ssl::context> test_certificates::demanding_server(int version) const {
    auto context = server(certificate_kind::good);
    SSL_CTX_set_min_proto_version(context->native_handle(), version);
    SSL_CTX_set_max_proto_version(context->native_handle(), version);
    context->load_verify_file(ca_file());
    context->set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
    return context;
}

std::shared_ptr<boost::asio::ssl::context> test_certificates::server(certificate_kind kind) const {
    const key_ptr key = make_key();
    const bool alone = kind == certificate_kind::self_signed;
    const certificate_ptr made =
        make_certificate(describe(kind), key.get(), alone ? nullptr : state_->ca.get(),
                         alone ? key.get() : state_->ca_key.get(), 100 + static_cast<long>(kind));
    auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    require(SSL_CTX_use_certificate(context->native_handle(), made.get()) == 1, "SSL_CTX_use_certificate");
    require(SSL_CTX_use_PrivateKey(context->native_handle(), key.get()) == 1, "SSL_CTX_use_PrivateKey");
    return context;
}

}  // namespace stagger::test
