/**
 * Certificate and key with which practice mailers offer STARTTLS. Everyone has this key: it protects nothing, and must
 * never serve anywhere but on loopback. Valid until 2056.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10957 \
 *       -subj /CN=practice.example -addext subjectAltName=DNS:practice.example
 */
export const practiceCertificate = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBqjCCAVCgAwIBAgIUfOeXi3wiXqxB3XTe40S8FidpdZ8wCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQcHJhY3RpY2UuZXhhbXBsZTAgFw0yNjExMjQwNzQxMTRaGA8y
MDU2MTEyMzA3NDExNFowGzEZMBcGA1UEAwwQcHJhY3RpY2UuZXhhbXBsZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABGVXc5CIlQAZeDJGr95UdbQJLFTm+UJd78Ts
hTJB5RS2S2zvPo23GRcRv4DM0j/oZ2Rt0HHB1iQnelrJsB/QJESjcDBuMB0GA1Ud
DgQWBBT+TbZQM5vo7xJ9W9A86DL2mU9t2TAfBgNVHSMEGDAWgBT+TbZQM5vo7xJ9
W9A86DL2mU9t2TAPBgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCEHByYWN0aWNl
LmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIgRkwgO9QG7dDWbxofxTufm3m/I5Qa
jfa2VD0hE8CQEQoCIQCC/8JUM2pCo6F2Og2dU9px2CVgE0Pl7nmSez4yriDwdg==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNnVHPYFaCLhpLTIN
OGg/MrzBmNeqIqhfNq6Nv2SluxqhRANCAARlV3OQiJUAGXgyRq/eVHW0CSxU5vlC
Xe/E7IUyQeUUtkts7z6NtxkXEb+AzNI/6GdkbdBxwdYkJ3paybAf0CRE
-----END PRIVATE KEY-----
`,
} as const;
