# Writes `count` transactions on the accounts of accounts.sql, the same ones every time: each changes a balance, reads
# it, and adds a line to the history, a small relative of TPC-B's.
BEGIN {
    print "PRAGMA synchronous = FULL;"
    print ".output /dev/null"
    account = 1
    for (done = 0; done < count; done++) {
        # A generator modulo 2^31 (Lehmer's, in sums that a double holds exactly).
        account = (account * 48271) % 2147483647
        id = account % 10000 + 1
        amount = account % 9999 - 4999
        print "BEGIN;"
        printf "UPDATE accounts SET balance = balance + %d WHERE id = %d;\n", amount, id
        printf "SELECT balance FROM accounts WHERE id = %d;\n", id
        printf "INSERT INTO history (account, amount) VALUES (%d, %d);\n", id, amount
        print "COMMIT;"
    }
}
