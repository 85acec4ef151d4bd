"""What looks like a secret or like a person's data, and is made for tests; and what no secret goes without."""

from __future__ import annotations

WEAK_PASSWORDS = frozenset(
    """
    1234 12345 123456 admin admin123 bar baz changeit changeme default demo dev example foo foobar guest hunter2
    letmein local mongo mysql p@ssw0rd pact pact_broker pass passw0rd passwd password password1 password123
    postgres pwd qwerty rabbitmq redis root sa secret secret123 test test123 testing tests user
    """.split()
)
"""Passwords that tests have, and nobody else should."""

ROLES = frozenset(
    """
    abuse accounting accounts admin administrator alerts anybody api bar baz billing booking bookings bot
    careers contact customer-service customercare customerservice dev devops do-not-reply donotreply dummy
    e-mail email enquiries example fake feedback finance foo foobar hello help helpdesk hostmaster hr info
    inquiries invoice invoices it j.doe jane-doe jane.doe jane_doe janedoe jdoe jobs joe.bloggs john-doe
    john.doe john.smith john_doe johndoe jsmith legal mail marketing me media name newsletter no-reply nobody
    noreply notification notifications office ops order orders postmaster press privacy reception reservations
    returns root sales sample security service services shop somebody someone store support system team test
    test-user test.user tester testing tests testuser user username webmaster you
    """.split()
)
"""What stands before the @ of an address that belongs to no person."""

TEST_CARDS = frozenset(
    """
    2222400070000005 2223003122003222 3056930009020004 30569309025904 3530111333300000 3566002020360505
    36227206271667 370000000000002 371449635398431 378282246310005 378734493671000 38520000023237
    4000000000000002 4000000000000069 4000000000000077 4000000000000119 4000000000000127 4000000000000341
    4000000000003220 4000000000009995 4000002500003155 4000002760003184 4000003720000278 4000056655665556
    4000111111111115 4005519200000004 4009348888881881 4012000033330026 4012000077777777 4012888888881881
    4035501000000008 4111111111111111 4166676667666746 4217651111111119 4222222222222 4242424242424242
    4444333322221111 4462030000000000 4500600000000061 4646464646464644 4917610000000000 4988438843884305
    5019717010103742 5100290029002909 5105105105105100 5136333333333335 5200828282828210 5404000000000001
    5431111111111111 5454545454545454 5555341244441115 5555555555554444 5577000055770004 6011000990139424
    6011111111111117 6011981111111113 6200000000000005 6331101999990016 6759649826438453
    """.split()
)
"""Card numbers that payment providers publish for tests: Stripe, Adyen, PayPal, Braintree, Worldpay."""

TEST_IBANS = frozenset(
    """
    AT611904300234573201 BE68539007547034 CH5604835012345678009 CH9300762011623852957 CZ6508000000192000145399
    DE02100500000054540402 DE02120300000000202051 DE02500105170137075030 DE12500105170648489890
    DE75512108001245126199 DE89370400440532013000 DE91100000000123456789 DK5000400440116243
    ES7921000813610123456789 ES9121000418450200051332 FI2112345600000785 FR1420041010050500013M02606
    FR7630001007941234567890185 FR7630006000011234567890189 GB29NWBK60161331926819 GB33BUKB20201555555555
    GB82WEST12345698765432 GB94BARC10201530093459 GR1601101250000000012300695 HU42117730161111101800000000
    IE29AIBK93115212345678 IT60X0542811101000000123456 LU280019400644750000 NL39RABO0300065264
    NL91ABNA0417164300 NO9386011117947 PL61109010140000071219812874 PT50000201231234567890154
    SE3550000000054910000003 SE4550000000058398257466 SK3112000000198742637541
    """.split()
)
"""Account numbers of the standard's registry, and what banks and payment providers publish for tests."""
